using System.CommandLine;
using System.CommandLine.Parsing;

namespace EdgeVideoLlava.Edge;

/// <summary>Runs one command line: answers to stdout, everything else as single lines to stderr, the verdict as exit code.</summary>
internal static class CommandLine
{
    /// <summary>Parses and runs.</summary>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> Run(RootCommand root, string[] args)
    {
        try
        {
            StandardStreams.Open();
            // No response files: a prompt may begin with '@'.
            ParseResult parsed = root.Parse(RawNames.Resolve(args), new ParserConfiguration { ResponseFileTokenReplacer = null });
            // A word that is nothing here is told even where --help is asked for, which would have its way with the library.
            if (parsed.Errors.Count > 0 || parsed.UnmatchedTokens.Count > 0) return Refuse(parsed);
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null
            }, Interrupts.Listen());
        }
        catch (Exception exception)
        {
            (int code, string? line) = ExitCodes.Of(exception);
            if (line != null) Notices.Say(line);
            return code;
        }
    }

    /// <summary>The library would print its message and then the whole help to stdout, into the pipe of whoever reads us.</summary>
    private static int Refuse(ParseResult parsed)
    {
        var names = new List<string>();
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult command && command.Command is not RootCommand; at = at.Parent)
            names.Insert(0, command.Command.Name);
        string help = string.Join(' ', ["edge", .. names, "--help"]);
        // A word that fits nowhere is the cause of the other complaints.
        string complaint = parsed.UnmatchedTokens is [string word, ..]
            ? $"'{word}' is no {(names.Count == 0 ? "command or option" : "argument or option of " + names[^1])}"
            : parsed.Errors[0].Message.ReplaceLineEndings(" ").TrimEnd('.', ' ');
        Notices.Say($"{complaint}; see '{help}'");
        return ExitCodes.Usage;
    }
}
