using System.CommandLine;
using System.Text;
using EdgeVideoLlava.Edge.Diagnostics;
using EdgeVideoLlava.Edge.Options;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Edge.Commands;

/// <summary>edge bench: how fast a model encodes, prefills and generates here, against what the machine could do.</summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        Option<int> prompt = NumberOption.Whole("--prompt-length", 512, 1, 100_000, "Positions of the prefill test (pp).");
        Option<int> generate = NumberOption.Whole("--generate", 128, 1, 100_000, "Tokens of the generation test (tg).");
        Option<int> conversations = NumberOption.Whole("--conversations", 1, 1, VideoLlava.DecodeRows,
            "Above 1, generation is also measured for so many conversations that take their steps together.");
        Option<int> repeat = NumberOption.Whole("--repeat", 5, 1, 1000, "Repetitions of each test, after one to warm up.");
        var synthetic = new Option<string?>("--synthetic")
        {
            Description =
            "Random weights of the real 7B model's shapes in place of --model."
        };
        synthetic.AcceptOnlyFromAmong("7b");
        Option<int> layers = NumberOption.Whole("--layers", 2, 1, 32, "Language layers of the synthetic model; all 32 need about 36 GB.");
        var type = new Option<string>("--type")
        {
            Description = "Storage type of the synthetic weights; a block type is that of the language model's linears, all else is f16.",
            DefaultValueFactory = _ => "f16",
        };
        type.AcceptOnlyFromAmong("f32", "f16", "bf16", "q8_0", "q6_k", "q5_0", "q5_1", "q4_0", "q4_1", "q4_k");
        var train = new Option<bool>("--train")
        {
            Description = "In place of all this, forward and backward of --prompt-length positions: of the whole language model, or with "
                + "--synthetic of an adapter of rank 128 over it.",
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object instead of a table." };
        var profile = new Option<bool>("--profile")
        {
            Description =
            "Below the table, where the time of each test goes: the kernels of an OpenCL or CUDA device, the costliest first."
        };
        var gpuReport = new Option<string?>("--gpu-report")
        {
            HelpName = "FILE",
            Description =
            "In place of all this, check and measure a GPU in under 8 minutes, kernel by kernel and the whole 7B model, and write a "
            + "Markdown file. "
                + "Default device: the first GPU; a processor that --device names is measured at small sizes.",
        };
        var live = new Option<bool>("--live")
        {
            Description = "In place of all this, measure live narration: the stages of a window, and windows a minute. Wants ffmpeg; "
                + "answers have --generate tokens."
        };
        Option<string> size = SizeOption.Create("--size", "1280x720", "Of --live: size of the camera's picture.");
        Option<TimeSpan> every = SecondsOption.Create("--every", 4, "Of --live: distance from one window to the next.");
        Option<int> windows = NumberOption.Whole("--windows", 10, 1, 10_000, "Of --live: windows to measure, after one to warm up.");
        var dryRun = new Option<bool>("--dry-run")
        {
            Description = "With --synthetic, in place of all this: the memory that the model would need on an accelerator. Nothing is "
                + "loaded.",
        };
        var model = new ModelOptions();
        var command =
            new Command("bench", "Measure encode, prefill and generation, and their share of this machine's measured peaks.") { prompt,
            generate, conversations, repeat, synthetic, layers, type, train, json, profile, gpuReport, live, size,
            every, windows, dryRun };
        model.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            bool profiled = parsed.GetValue(profile);
            ModelSettings settings = model.Read(parsed) with { TimesLaunches = profiled };
            if (parsed.GetValue(gpuReport) is { } file) return Report(file, settings, cancel);
            bool isSynthetic = parsed.GetValue(synthetic) != null;
            int languageLayers = parsed.GetValue(layers);
            StorageType storage = Enum.Parse<StorageType>(parsed.GetValue(type)!, ignoreCase: true);
            if (parsed.GetValue(dryRun))
            {
                if (!isSynthetic)
                    throw new BadInputException("--dry-run wants --synthetic 7b; of files, 'edge quantize --dry-run' tells it");
                MemoryForecast.Write(Console.Out, SyntheticName(languageLayers, storage, null),
                    SyntheticCheckpoint.Video7B(languageLayers), storage);
                return ExitCodes.Ok;
            }
            using ModelSession session = isSynthetic
                ? ModelSession.OpenSynthetic(settings, SyntheticCheckpoint.Video7B(languageLayers), storage, cancel)
                : ModelSession.OpenModel(settings, cancel,
                    parsed.GetValue(train) ? new LoadOptions(Trainable: ModelPart.Language) : null);
            string name = isSynthetic ? SyntheticName(languageLayers, storage, settings.Weights)
                : Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(settings.Folder)));
            var benchmark = new ModelBenchmark(session.Model, parsed.GetValue(repeat));
            int context = session.Model.Config.Language.Context, length = parsed.GetValue(prompt), tokens = parsed.GetValue(generate);
            if (Math.Max(length, tokens + 1) > context)
                throw new BadInputException($"the model has {context} positions; take a --prompt-length and --generate that fit");
            if (parsed.GetValue(live))
            {
                (int width, int height) = SizeOption.Parse(parsed.GetValue(size)!)!.Value;
                var load = new LiveLoad(width, height, parsed.GetValue(every).TotalSeconds, tokens, parsed.GetValue(windows));
                var stages = new LiveBenchReport(name, session.Device.Description, load,
                    await new LiveBenchmark(session.Model, load).Run(cancel));
                if (parsed.GetValue(json)) stages.WriteJson(Console.Out);
                else stages.WriteTable(Console.Out);
                return ExitCodes.Ok;
            }
            if (profiled && session.Device is CpuDevice)
                throw new BadInputException("--profile: the processor's own code has no launches to time; take --device opencl or cuda");
            MachinePeaks? peaks = session.Device is CpuDevice cpu ? MachinePeaks.Measure(cpu.Threads) : null;
            BenchmarkResult[] results = parsed.GetValue(train)
                ? [TrainBenchmark.Run(session.Model, length, parsed.GetValue(repeat), cancel)]
                : [.. session.Model.Config.SeesClips ? new[] { benchmark.Encode(cancel) } : [],
                benchmark.Prefill(length, cancel),
                benchmark.Decode(tokens, cancel: cancel),
                .. Together(parsed.GetValue(conversations)).Select(count => benchmark.DecodeTogether(count, tokens, cancel))];
            var report = new BenchReport(name, ModelCost.LanguageParameters(session.Model.Language), session.Device.Description, peaks,
                results)
            {
                Profiles = profiled ? Profile(session.Model, length, cancel) : [],
            };
            if (parsed.GetValue(json)) report.WriteJson(Console.Out);
            else report.WriteTable(Console.Out);
            return ExitCodes.Ok;
        });
        return command;
    }

    /// <summary>2, 4, 8 and so on up to as many as were asked for.</summary>
    private static IEnumerable<int> Together(int most)
    {
        for (int count = 2; count < most; count *= 2) yield return count;
        if (most > 1) yield return most;
    }

    private static JobProfile[] Profile(VideoLlava model, int length, CancellationToken cancel)
    {
        var profile = new ModelProfile(model);
        JobProfile?[] jobs = [profile.Encode(cancel), profile.Prefill(length, cancel),
            profile.Decode(Math.Min(length, model.Config.Language.Context - 1), cancel)];
        return [.. jobs.OfType<JobProfile>()];
    }

    private static int Report(string file, ModelSettings settings, CancellationToken cancel)
    {
        OutputFile.Check(file, settings.Files);
        GpuReportOutcome report = GpuReport.Make(new GpuReportOptions(settings.Device) { Threads = settings.Threads ?? 0 },
            new NoticeProgress(), cancel);
        using var output = new OutputFile(file, settings.Files);
        output.Stream.Write(Encoding.UTF8.GetBytes(report.Markdown));
        output.Complete();
        return report.FailedChecks == 0 ? ExitCodes.Ok : ExitCodes.DeviceFailed;
    }

    private static string SyntheticName(int layers, StorageType type, StorageType? converted)
        => $"synthetic 7b, {layers} of 32 layers, {type}{(converted == null ? "" : $", linears {converted}")}";
}
