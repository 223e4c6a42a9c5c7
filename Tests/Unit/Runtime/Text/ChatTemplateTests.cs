using EdgeVideoLlava.Runtime.Text.Prompts;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Text;

/// <summary>Templates of model families as they publish them, against the texts that transformers makes of them.</summary>
public sealed class ChatTemplateTests
{
    private const string Llama2 = "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}"
        + "{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}"
        + "{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
        + "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
        + "{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}"
        + "{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}"
        + "{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}"
        + "{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}";

    private const string Llama3 = "{% set loop_messages = messages %}{% for message in loop_messages %}"
        + "{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}"
        + "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}";

    private const string Zephyr = "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\n' + message['content'] + eos_token }}\n"
        + "{% elif message['role'] == 'system' %}\n{{ '<|system|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'assistant' %}\n"
        + "{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}\n{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n"
        + "{% endif %}\n{% endfor %}";

    private static readonly ChatMessage[] Dialogue =
        [new(ChatRole.User, "Hi "), new(ChatRole.Assistant, "Yes?"), new(ChatRole.User, "Why?"), new(ChatRole.Assistant, null)];

    [Theory]
    [InlineData(Llama2, null, "<s>[INST] Hi [/INST] Yes? </s><s>[INST] Why? [/INST]")]
    [InlineData(Llama2, "Be.", "<s>[INST] <<SYS>>\nBe.\n<</SYS>>\n\nHi [/INST] Yes? </s><s>[INST] Why? [/INST]")]
    [InlineData(Llama3, null, "<s><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nYes?"
        + "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nWhy?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n")]
    [InlineData(Zephyr, "Be.", "<|system|>\nBe.</s>\n<|user|>\nHi </s>\n<|assistant|>\nYes?</s>\n<|user|>\nWhy?</s>\n<|assistant|>\n")]
    public void A_dialogue_is_written_as_transformers_writes_it(string template, string? system, string expected)
        => Assert.Equal(expected, new ChatTemplate(template, "<s>", "</s>").Render(system, Dialogue));

    [Fact]
    public void A_template_that_cannot_be_rendered_is_shown()
    {
        const string Source = "{% call x() %}\nline {% endcall %}";
        BadInputException refusal = Assert.Throws<BadInputException>(() => new ChatTemplate(Source, "", ""));
        Assert.Contains("the block 'call' is not supported", refusal.Message);
        Assert.EndsWith("it is: {% call x() %}\\nline {% endcall %}", refusal.Message);
        Assert.Equal("PromptTemplate", Assert.IsType<Setting>(Assert.Single(refusal.Remedies)).Name);
        ChatTemplate refusing = new("{{ raise_exception('no system prompt') }}", "", "");
        Assert.Contains("no system prompt", Assert.Throws<BadInputException>(() => refusing.Render("x", Dialogue)).Message);
    }
}
