using System.CommandLine;
using EdgeVideoLlava.Edge.Options;
using EdgeVideoLlava.Edge.Trace;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Video.Formats;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Edge.Commands;

/// <summary>edge trace: one forward pass with every stage written down, and the comparison of two such files.</summary>
internal static class TraceCommand
{
    private static readonly Dictionary<string, PreprocessPreset> Presets = new()
    {
        ["original-image"] = PreprocessPreset.OriginalImage,
        ["original-image-pad"] = PreprocessPreset.OriginalImagePad,
        ["original-video"] = PreprocessPreset.OriginalVideo,
        ["hf"] = PreprocessPreset.Hf,
        ["hf-torchvision"] = PreprocessPreset.HfTorchvision,
    };

    public static Command Create()
    {
        var files = new Argument<string[]>("FILE")
        {
            Description =
            "Pictures and clips, asked about with --ask; with --compare, the two files to compare.",
            Arity = ArgumentArity.ZeroOrMore
        };
        var ask = new Option<string?>("--ask") { HelpName = "TEXT", Description = "The question about the files." };
        var pixels = new Option<string?>("--pixels")
        {
            HelpName = "X.safetensors:NAME[,NAME]",
            Description = "Take stored pixel values in place of files."
        };
        var ids = new Option<string?>("--ids")
        {
            HelpName = "X.json|X.safetensors",
            Description = "Take stored prompt ids (input_ids) in place of a question."
        };
        Option<int> greedy = NumberOption.Whole("--greedy", 0, 0, 100_000,
            "Continue so many tokens greedily; an answer ends after its end token.");
        var preset = new Option<string?>("--preset") { Description = "Preprocessing of the files. Default: the checkpoint's own." };
        preset.AcceptOnlyFromAmong([.. Presets.Keys]);
        var output = new Option<string?>("--output", "-o")
        {
            HelpName = "OUT.safetensors",
            Description = "Where the tensors go; the names are in docs/formats.md."
        };
        var compare = new Option<bool>("--compare") { Description = "Compare two traces, or a reference file and a trace: EXPECTED GOT." };
        Option<float> atol = NumberOption.Real("--atol", -1, 0, 1e9f,
            "Absolute tolerance of every stage. Default: by the checkpoint's kind, one for states, one for logits.");
        Option<float> rtol = NumberOption.Real("--rtol", 0, 0, 1e9f, "Relative tolerance, added to the absolute one.");
        var model = new ModelOptions();
        var command = new Command("trace",
            "Write every stage of one forward pass, or compare two such files: shows where a converted checkpoint goes wrong.")
        {
            files, ask, pixels, ids, greedy, preset, output, compare, atol, rtol,
        };
        model.AddTo(command);
        command.Validators.Add(result =>
        {
            bool Given(Option option) => result.GetResult(option) != null;
            string? complaint = Complaint(result.GetValue(files)?.Length ?? 0, result.GetValue(compare), Given(ask), Given(pixels),
                Given(ids), Given(output));
            if (complaint != null) result.AddError(complaint);
        });
        command.SetAction((parsed, cancel) =>
        {
            string[] paths = parsed.GetValue(files) ?? [];
            if (parsed.GetValue(compare))
            {
                float absolute = parsed.GetValue(atol), relative = parsed.GetValue(rtol);
                return Task.FromResult(Compare(paths[0], paths[1], parsed.GetResult(atol)?.Implicit == false
                    ? new TraceTolerance(absolute, absolute, relative) : null, relative));
            }
            string target = parsed.GetRequiredValue(output)!;
            OutputFile.Check(target);
            foreach (string path in paths) MediaFile.Detect(path);
            PreprocessPreset? chosen = parsed.GetValue(preset) is { } name ? Presets[name] : null;
            ModelSettings settings = model.Read(parsed);
            settings = settings with { Compute = settings.Compute ?? StorageType.F32 }; // stages are compared with references in fp32
            var load = new LoadOptions(AllVisionLayers: true);
            using ModelSession session = parsed.GetValue(ask) == null ? ModelSession.OpenModel(settings, cancel, load)
                : ModelSession.Open(settings, cancel, chosen, load);
            List<PixelValues> visuals = parsed.GetValue(pixels) is { } stored ? ReadPixels(stored, session.Model.Config.Variant)
                : [.. paths.Select(path => session.Assistant.Look(path, clipOptions: new ClipOptions { Notice = Notices.Say },
                    cancel: cancel))];
            PromptRows rows = parsed.GetValue(ids) is { } file ? PromptRows.Read(file)
                : TracePrompt.Rows(session.Assistant, visuals, parsed.GetValue(ask)!);
            session.Announce();
            TraceRun.Run(session.Model, visuals, rows, parsed.GetValue(greedy), cancel).Write(target);
            foreach (PixelValues seen in visuals) seen.Dispose();
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }

    /// <summary>What of the command line does not fit together; null if all does.</summary>
    private static string? Complaint(int paths, bool compare, bool hasAsk, bool hasPixels, bool hasIds, bool hasOutput)
    {
        if (compare)
            return paths != 2 || hasAsk || hasPixels || hasIds ? "--compare takes two files, EXPECTED and GOT, and nothing to run" : null;
        if (hasAsk == hasIds) return "give either --ask TEXT with files or --ids FILE";
        if (hasIds && paths > 0) return "--ids goes with --pixels, not with files";
        if (hasAsk && hasPixels) return "--pixels goes with --ids";
        return hasOutput ? null : "--output is missing";
    }

    private static List<PixelValues> ReadPixels(string argument, ModelVariant variant)
    {
        int colon = argument.LastIndexOf(':');
        if (colon <= 0 || colon == argument.Length - 1)
            throw new BadInputException(
                $"--pixels {argument}: a file, a colon and the tensors' names are wanted, as pictures.safetensors:video_a");
        using var file = new SafeTensors(argument[..colon]);
        return [.. argument[(colon + 1)..].Split(',').SelectMany(name => PixelTensors.Read(file[name], variant))];
    }

    private static int Compare(string expected, string got, TraceTolerance? tolerance, float relative)
    {
        (TraceFile wanted, TraceFile trace) = (TraceFile.Read(expected), TraceFile.Read(got));
        tolerance ??= TraceTolerance.For(wanted, trace) with { Relative = relative };
        TraceComparison comparison = TraceComparison.Compare(wanted, trace, tolerance);
        foreach (StageResult stage in comparison.Stages)
            Console.WriteLine($"{(stage.Differs ? "DIFFERS" : "equal  ")}  {stage.Name}: {stage.Detail}");
        if (comparison.MissingInGot.Count > 0) Console.WriteLine($"missing in {got}: {string.Join(", ", comparison.MissingInGot)}");
        if (comparison.MissingInExpected.Count > 0) Console.WriteLine($"only in {got}: {string.Join(", ", comparison.MissingInExpected)}");
        if (comparison.Equal) Console.WriteLine($"{comparison.Stages.Count} stages compared, no difference");
        else if (comparison.FirstDifference is { } first) Console.WriteLine($"first difference: {first.Name}, {first.Detail}");
        return comparison.Equal ? ExitCodes.Ok : ExitCodes.Different;
    }
}
