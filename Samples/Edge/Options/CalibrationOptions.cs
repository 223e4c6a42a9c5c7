using System.CommandLine;
using System.CommandLine.Parsing;
using EdgeVideoLlava.Quantizer.Calibration;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Edge.Options;

/// <summary>The options of quantizing by calibration data.</summary>
internal sealed class CalibrationOptions
{
    private readonly ModelOptions model = new();
    private readonly Option<string[]> files = new("--calibrate")
    {
        HelpName = "FILE",
        Description = "Find by calibration data which columns matter: clips, pictures, and texts (.txt, .raw, .md); may be given several "
            + "times. Without a FILE: the built-in clips and pictures, with questions and the model's own answers.",
        AllowMultipleArgumentsPerToken = true,
        Arity = ArgumentArity.ZeroOrMore,
    };
    private readonly Option<bool> compensate = new("--compensate")
    {
        Description = "With --calibrate: round layer by layer, each column making up for the errors of those before it (GPTQ), where the "
            + "outputs then change less. On the processor; says beforehand how much memory it takes.",
    };
    private readonly Option<string?> save = new("--save-imatrix")
    {
        HelpName = "FILE",
        Description = "Keep the importance matrix that --calibrate collects, as a GGUF file.",
    };
    private readonly Option<int> chunks = TextOptions.Chunks(64);
    private readonly Option<int?> context = NumberOption.OptionalWhole("--context", 4, 1 << 20,
        "Tokens of a chunk of calibration text. Default: 512. With --dry-run, those that the KV cache is to hold. Default: the model's "
            + "limit.");

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { files, compensate, save, context, chunks }) command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetValue(compensate) && !IsGiven(result)) result.AddError("--compensate needs --calibrate: by which data");
        });
        model.AddTo(command, withModel: false);
    }

    public bool IsGiven(CommandResult result) => result.GetResult(files) is { Implicit: false };

    public bool IsGiven(ParseResult parsed) => IsGiven(parsed.CommandResult);

    /// <summary>Positions of a KV cache; null: as many as the model has.</summary>
    public int? Positions(ParseResult parsed) => parsed.GetValue(context);

    /// <summary>Runs the model over the files.</summary>
    /// <param name="measures">Whether the outputs of the rounded matrices are wanted.</param>
    public CalibratedModel Collect(ParseResult parsed, string folder, bool measures, CancellationToken cancel)
    {
        bool byLayers = measures || parsed.GetValue(compensate);
        ModelSettings settings = model.Read(parsed, folder);
        if (byLayers) settings = OnProcessor(settings);
        string[] given = parsed.GetValue(files) is { Length: > 0 } some ? some : model.CalibrationFiles();
        string? target = parsed.GetValue(save);
        if (target != null) OutputFile.Check(target, Checkpoint.Files(folder).Concat(given));
        ModelSession session = ModelSession.Open(settings, cancel);
        try
        {
            session.Announce();
            if (!session.Assistant.Config.SeesClips && parsed.GetValue(files) is not { Length: > 0 })
                throw new BadInputException($"{folder}: a model that sees nothing; name texts to calibrate with");
            using var line = new TerminalLine();
            var calibrated = CalibratedModel.Collect(session.Assistant, new CalibrationFiles(given, parsed.GetValue(context) ?? 512,
                parsed.GetValue(chunks)), byLayers, parsed.GetValue(compensate), session,
                (file, done) => line.Show($"calibrating: {done} sequences, {Path.GetFileName(file)}"), cancel);
            if (target != null) calibrated.Importance.Write(target);
            return calibrated;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private static ModelSettings OnProcessor(ModelSettings settings) => settings.Device is "auto" or "cpu"
        ? settings with { Device = "cpu", Exact = true, KvCache = null }
        : throw new BadInputException($"rounding layer by layer is done on the processor, not on {settings.Device}; leave the device out");
}
