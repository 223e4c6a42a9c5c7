using System.CommandLine;

namespace EdgeVideoLlava.Edge.Options;

/// <summary>The options of commands that run a model over a text.</summary>
internal static class TextOptions
{
    /// <param name="required">Whether there is nothing to do without it.</param>
    public static Option<string?> Text(bool required) => new("--text")
    {
        HelpName = "FILE",
        Description = "A text; whole chunks of it are used.",
        Required = required,
    };

    public static Option<int> Context() => NumberOption.Whole("--context", 512, 4, 1 << 16, "Tokens of a chunk.");

    public static Option<int> Chunks(int usual) => NumberOption.Whole("--chunks", usual, 1, int.MaxValue, "Chunks at most.");

    /// <summary>Null: all of them.</summary>
    public static Option<int?> AllChunks() => NumberOption.OptionalWhole("--chunks", 1, int.MaxValue, "Chunks at most. Default: all.");
}
