using System.CommandLine;
using System.CommandLine.Parsing;
using EdgeVideoLlava.Quantizer.Calibration;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Edge.Options;

/// <summary>The options of collecting an importance matrix while quantizing.</summary>
internal sealed class CalibrationOptions
{
    private readonly ModelOptions model = new();
    private readonly Option<string[]> files = new("--calibrate")
    {
        HelpName = "FILE",
        Description = "Pictures, clips and texts (.txt, .raw, .md) to collect an importance matrix from; may be given several times.",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<string?> save = new("--save-imatrix")
    {
        HelpName = "FILE",
        Description = "Keep the importance matrix that --calibrate collects, as a GGUF file.",
    };
    private readonly Option<int> context = TextOptions.Context(), chunks = TextOptions.Chunks(64);

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { files, save, context, chunks }) command.Options.Add(option);
        model.AddTo(command, withModel: false);
    }

    public bool IsGiven(CommandResult result) => result.GetValue(files) is { Length: > 0 };

    public bool IsGiven(ParseResult parsed) => parsed.GetValue(files) is { Length: > 0 };

    /// <summary>Runs the model over the files.</summary>
    public ImportanceMatrix Collect(ParseResult parsed, string folder, CancellationToken cancel)
    {
        string[] given = parsed.GetValue(files)!;
        string? target = parsed.GetValue(save);
        if (target != null) OutputFile.Check(target, Checkpoint.Files(folder).Concat(given));
        using ModelSession session = ModelSession.Open(model.Read(parsed, folder), cancel);
        session.Announce();
        using var line = new TerminalLine();
        ImportanceMatrix matrix = Calibration.Collect(session.Assistant, given, parsed.GetValue(context), parsed.GetValue(chunks),
            (file, done) => line.Show($"calibrating: {done} sequences, {Path.GetFileName(file)}"), cancel);
        if (target != null) matrix.Write(target);
        return matrix;
    }
}
