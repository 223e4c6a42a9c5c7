namespace EdgeVideoLlava.Runtime.Text.Jinja;

internal enum JinjaTokenKind
{
    /// <summary>Text outside of tags.</summary>
    Text,
    BlockStart,
    BlockEnd,
    PrintStart,
    PrintEnd,
    Name,
    String,
    Number,
    Sign,
    End,
}

/// <param name="Line">In which it stands, from 1.</param>
internal readonly record struct JinjaToken(JinjaTokenKind Kind, string Text, int Line)
{
    public bool Is(string sign) => Kind is JinjaTokenKind.Sign or JinjaTokenKind.Name && Text == sign;
}
