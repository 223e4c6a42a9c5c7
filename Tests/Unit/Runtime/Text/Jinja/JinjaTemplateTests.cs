using EdgeVideoLlava.Runtime.Text.Jinja;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Text.Jinja;

public sealed class JinjaTemplateTests
{
    private static readonly Dictionary<string, object?> Variables = new()
    {
        ["messages"] = new List<object?> { Message("system", "Be brief. "), Message("user", "Hi"), Message("assistant", "Yes?") },
        ["add_generation_prompt"] = true,
        ["bos_token"] = "<s>",
        ["eos_token"] = "</s>",
        ["tools"] = null,
        ["n"] = 7L,
    };

    /// <summary>Expected texts are those of Jinja 3 with trim_blocks and lstrip_blocks.</summary>
    [Theory]
    [InlineData("a{{ bos_token }}b", "a<s>b")]
    [InlineData("{% if n > 5 and not tools %}\n  yes\n{% else %}\nno\n{% endif %}\nend", "  yes\nend")]
    [InlineData("x\n  {%- if true %} y {% endif -%}\n  z", "x y z")]
    [InlineData("  {% set a = 1 %}\n  {{ a + n }}", "  8")]
    [InlineData("{# hidden #}\nseen", "seen")]
    [InlineData("{% for m in messages %}{{ loop.index }}{{ m.role[0] }}{{ ',' if not loop.last }}{% endfor %}", "1s,2u,3a")]
    [InlineData("{% for m in messages[1:] if m['role'] == 'user' %}{{ m['content'] }}{% else %}none{% endfor %}", "Hi")]
    [InlineData("{% for m in messages if m.role == 'tool' %}{{ m }}{% else %}none{% endfor %}", "none")]
    [InlineData("{% set ns = namespace(found=false) %}{% for m in messages %}{% set ns.found = m.role == 'user' or ns.found %}{% endfor %}{{ ns.found }}",
        "True")]
    [InlineData("{% set x = 1 %}{% for m in messages %}{% set x = 2 %}{% endfor %}{{ x }}", "1")]
    [InlineData("{{ messages[0].content.strip() + '|' + messages[-1]['content']|trim }}", "Be brief.|Yes?")]
    [InlineData("{{ missing is defined }} {{ tools is none }} {{ n is not string }} {{ 'a' in 'cat' }} {{ 'z' not in 'cat' }}",
        "False True True True True")]
    [InlineData("{{ missing|default('d') }}{{ n // 2 }}{{ n % 4 }}{{ n / 2 }}{{ 2 * 3 - 1 }}", "d333.55")]
    [InlineData("{{ [1, 'b', none]|tojson }} {{ {'a': 1}|tojson }} {{ [1, 'b', none] }}", "[1, \"b\", null] {\"a\": 1} [1, 'b', None]")]
    [InlineData("{{ ['a', 'b']|join('-') }}{{ 'a,b'.split(',')|length }}{{ range(3)|list }}", "a-b2[0, 1, 2]")]
    [InlineData("{{ 'yes' if n == 7 else 'no' }}{{ \"it's\" ~ 1 ~ 'a\\n' }}", "yesit's1a\n")]
    [InlineData("{{ messages[::-1][0].role }}{{ messages[1:2]|length }}{{ 'abc'[1:] }}", "assistant1bc")]
    [InlineData("{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}{{ v }}{% endfor %}", "a1b2")]
    [InlineData("{% if n == 1 %}a{% elif n == 7 %}b{% else %}c{% endif %}", "b")]
    [InlineData("one\n", "one")]
    public void A_template_renders_as_Jinja_does(string template, string expected)
        => Assert.Equal(expected, new JinjaTemplate(template).Render(Variables));

    [Theory]
    [InlineData("{% macro f() %}{% endmacro %}", "macro")]
    [InlineData("{{ a", "does not end")]
    [InlineData("{% if n %}", "an early end")]
    [InlineData("{% endif %}", "endif")]
    [InlineData("{{ n | frobnicate }}", "frobnicate")]
    [InlineData("{{ missing.field }}", "undefined")]
    [InlineData("{{ raise_exception('roles must alternate') }}", "roles must alternate")]
    [InlineData("\n\n{{ n + 'a' }}", "line 3")]
    [InlineData("{{ range(1000000000) }}", "range")]
    [InlineData("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "more steps")]
    [InlineData("{% set ns = namespace(s='xxxxxxxx') %}{% for a in range(90) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", "grows")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for a in range(90) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", "grows")]
    [InlineData("{% set ns = namespace(s=1) %}{% for a in range(99999) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s }}", "too deep")]
    [InlineData("{% set ns = namespace(s=1) %}{% for a in range(99999) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s|tojson }}", "too deep")]
    [InlineData("{% set ns = namespace(s=1) %}{% for a in range(99999) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s == ns.s }}", "too deep")]
    [InlineData("{{ n / 0 }}", "division by zero")]
    [InlineData("{{ ''.__class__ }}{{ cycler() }}", "cycler")]
    public void What_cannot_be_rendered_says_why(string template, string why)
        => Assert.Contains(why, Assert.Throws<JinjaException>(() => new JinjaTemplate(template).Render(Variables)).Message);

    [Fact]
    public void Deep_nesting_does_not_use_up_the_stack()
    {
        Assert.Throws<JinjaException>(() => new JinjaTemplate("{{ " + new string('(', 100_000)));
        Assert.Throws<JinjaException>(() => new JinjaTemplate(string.Concat(Enumerable.Repeat("{% if n %}", 100_000))));
        Assert.Throws<JinjaException>(() => new JinjaTemplate("{{ " + string.Concat(Enumerable.Repeat("[", 100_000))));
    }

    private static Dictionary<string, object?> Message(string role, string content) => new() { ["role"] = role, ["content"] = content };
}
