namespace EdgeVideoLlava.Runtime.Text.Jinja;

/// <summary>An expression.</summary>
internal abstract record JinjaNode;

internal sealed record Constant(object? Value) : JinjaNode;

internal sealed record Variable(string Name) : JinjaNode;

internal sealed record ListOf(IReadOnlyList<JinjaNode> Items) : JinjaNode;

internal sealed record DictionaryOf(IReadOnlyList<(JinjaNode Key, JinjaNode Value)> Items) : JinjaNode;

/// <summary>a.name or a[index].</summary>
internal sealed record Member(JinjaNode Of, JinjaNode Index) : JinjaNode;

/// <summary>a[start:end:step].</summary>
internal sealed record Slice(JinjaNode Of, JinjaNode? Start, JinjaNode? End, JinjaNode? Step) : JinjaNode;

/// <summary>f(...), a.method(...), or a|filter(...), where the filter's name is the function.</summary>
internal sealed record Call(JinjaNode? Of, string Name, IReadOnlyList<JinjaNode> Arguments,
    IReadOnlyList<(string Name, JinjaNode Value)> Named, bool IsFilter) : JinjaNode;

/// <summary>a is [not] test.</summary>
internal sealed record Test(JinjaNode Of, string Name, JinjaNode? Argument, bool Negated) : JinjaNode;

internal sealed record Unary(string Sign, JinjaNode Of) : JinjaNode;

internal sealed record Binary(string Sign, JinjaNode Left, JinjaNode Right) : JinjaNode;

internal sealed record Choice(JinjaNode Condition, JinjaNode Then, JinjaNode? Else) : JinjaNode;

/// <summary>A piece of a template.</summary>
internal abstract record JinjaPart(int Line);

internal sealed record Literal(string Text, int Line) : JinjaPart(Line);

internal sealed record Print(JinjaNode Value, int Line) : JinjaPart(Line);

/// <summary>for a[, b] in list [if condition], with an else for an empty list.</summary>
internal sealed record Loop(IReadOnlyList<string> Names, JinjaNode Over, JinjaNode? Condition, IReadOnlyList<JinjaPart> Body,
    IReadOnlyList<JinjaPart> Else, int Line) : JinjaPart(Line);

internal sealed record Branch(IReadOnlyList<(JinjaNode? Condition, IReadOnlyList<JinjaPart> Body)> Ways, int Line) : JinjaPart(Line);

/// <summary>set name = value, or set namespace.name = value.</summary>
internal sealed record Assignment(string Name, string? Field, JinjaNode Value, int Line) : JinjaPart(Line);
