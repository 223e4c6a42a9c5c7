using System.Text;

namespace EdgeVideoLlava.Runtime.Text.Jinja;

/// <summary>A template of the subset of Jinja that chat templates are written in.</summary>
/// <remarks>
/// Values are null, bool, long, double, string, <see cref="List{T}"/> and <see cref="Dictionary{TKey, TValue}"/> of such, and
/// <see cref="JinjaValues.Undefined"/>. Steps and output have a ceiling: a template comes with a stranger's file.
/// </remarks>
internal sealed class JinjaTemplate(string template)
{
    private const int StepCeiling = 1_000_000, OutputCeiling = 16 << 20;

    private readonly IReadOnlyList<JinjaPart> parts = JinjaParser.Parse(template);

    /// <exception cref="JinjaException">It asks for something that there is not, or refuses these variables.</exception>
    public string Render(IReadOnlyDictionary<string, object?> variables)
    {
        var scope = new Dictionary<string, object?>(variables);
        var run = new JinjaRun(StepCeiling);
        var output = new StringBuilder();
        Render(parts, scope, run, output);
        return output.ToString();
    }

    private static void Render(IReadOnlyList<JinjaPart> parts, Dictionary<string, object?> scope, JinjaRun run, StringBuilder output)
    {
        foreach (JinjaPart part in parts)
        {
            run.Line = part.Line;
            run.Step();
            switch (part)
            {
                case Literal literal: output.Append(literal.Text); break;
                case Print print: output.Append(JinjaValues.Shown(run.Value(print.Value, scope))); break;
                case Assignment assignment: Assign(assignment, scope, run); break;
                case Branch branch: RenderBranch(branch, scope, run, output); break;
                case Loop loop: RenderLoop(loop, scope, run, output); break;
            }
            if (output.Length > OutputCeiling) throw run.Broken("its text grows beyond any prompt");
        }
    }

    private static void Assign(Assignment set, Dictionary<string, object?> scope, JinjaRun run)
    {
        object? value = run.Value(set.Value, scope);
        if (set.Field == null) scope[set.Name] = value;
        else if (scope.GetValueOrDefault(set.Name) is Dictionary<string, object?> space) space[set.Field] = value;
        else throw run.Broken($"{set.Name} is no namespace");
    }

    private static void RenderBranch(Branch branch, Dictionary<string, object?> scope, JinjaRun run, StringBuilder output)
    {
        foreach ((JinjaNode? condition, IReadOnlyList<JinjaPart> body) in branch.Ways)
        {
            if (condition != null && !JinjaValues.IsTrue(run.Value(condition, scope))) continue;
            Render(body, scope, run, output);
            return;
        }
    }

    /// <summary>What is set inside of a loop is gone after each round, as in Jinja; a namespace stays.</summary>
    private static void RenderLoop(Loop loop, Dictionary<string, object?> scope, JinjaRun run, StringBuilder output)
    {
        var items = new List<Dictionary<string, object?>>();
        foreach (object? item in JinjaValues.Items(run.Value(loop.Over, scope)) ?? throw run.Broken("a loop over what is no list"))
        {
            run.Step();
            Dictionary<string, object?> inner = new(scope);
            Unpack(loop, item, inner, run);
            if (loop.Condition == null || JinjaValues.IsTrue(run.Value(loop.Condition, inner))) items.Add(inner);
        }
        if (items.Count == 0) Render(loop.Else, scope, run, output);
        for (int i = 0; i < items.Count; i++)
        {
            items[i]["loop"] = new Dictionary<string, object?>
            {
                ["index"] = i + 1L,
                ["index0"] = (long)i,
                ["revindex"] = (long)(items.Count - i),
                ["revindex0"] = items.Count - i - 1L,
                ["first"] = i == 0,
                ["last"] = i == items.Count - 1,
                ["length"] = (long)items.Count,
                ["previtem"] = i > 0 ? items[i - 1][loop.Names[0]] : JinjaValues.Undefined,
                ["nextitem"] = i + 1 < items.Count ? items[i + 1][loop.Names[0]] : JinjaValues.Undefined,
            };
            Render(loop.Body, items[i], run, output);
        }
    }

    private static void Unpack(Loop loop, object? item, Dictionary<string, object?> scope, JinjaRun run)
    {
        if (loop.Names.Count == 1)
        {
            scope[loop.Names[0]] = item;
            return;
        }
        if (item is not List<object?> parts || parts.Count != loop.Names.Count)
            throw run.Broken("a loop over something that is no list of pairs");
        for (int i = 0; i < parts.Count; i++) scope[loop.Names[i]] = parts[i];
    }
}
