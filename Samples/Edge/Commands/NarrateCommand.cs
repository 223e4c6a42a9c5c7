using System.CommandLine;
using EdgeVideoLlava.Edge.Live;
using EdgeVideoLlava.Edge.Options;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Live.Sinks;
using EdgeVideoLlava.Runtime.Live.Sources;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Formats;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Edge.Commands;

/// <summary>edge narrate: a caption for each window of a clip, a camera or a stream.</summary>
internal sealed class NarrateCommand
{
    private readonly Argument<string?> file = new("FILE")
    {
        Description = "The clip; any container that FFmpeg knows. A folder: its pictures and clips, by their names. -: YUV4MPEG2 or "
            + "Motion JPEG on standard input.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<TimeSpan> window = SecondsOption.Create("--window", 4, "Length of a window, e.g. 4s or 1500ms.");
    private readonly Option<TimeSpan> every = SecondsOption.Create("--every", 4, "Distance from one window's start to the next one's.");

    private readonly Option<string?> format = new("--format")
    {
        Description = "How captions are written. Default: as OUT ends (.srt, .vtt or .jsonl), else console."
    };

    private readonly Option<string[]> outputs = new("--output", "-o")
    {
        HelpName = "OUT",
        Description = "Write the captions to this file; may be given several times. A clip's appears when it is complete, a live source's "
            + "grows caption by caption. .mkv, .mp4: the clip with its captions as a track. Default: standard output."
    };

    private readonly Option<bool> burn = new("--burn") { Description = "Write captions into the pictures of an .mkv or .mp4." };

    private readonly ModelOptions model = new();
    private readonly GenerationOptionSet generation = new(maxTokens: 128);
    private readonly NarrationOptionSet narration = new();
    private readonly LiveOptionSet live = new();

    private NarrateCommand() => format.AcceptOnlyFromAmong(["console", .. CaptionFormat.All.Select(known => known.Name)]);

    public static Command Create()
    {
        var narrate = new NarrateCommand();
        var command = new Command("narrate", "Caption a clip, camera or stream window by window, back to back.")
        {
            narrate.file, narrate.window, narrate.every, narrate.format, narrate.outputs, narrate.burn,
        };
        narrate.narration.AddTo(command);
        narrate.live.AddTo(command);
        narrate.generation.AddTo(command);
        narrate.model.AddTo(command);
        command.SetAction(narrate.Run);
        return command;
    }

    private async Task<int> Run(ParseResult parsed, CancellationToken cancel)
    {
        string? path = parsed.GetValue(file);
        if (path is not (null or "-") && !Directory.Exists(path) && MediaFile.Detect(path) == MediaKind.Picture)
            throw new BadInputException($"{path}: a picture; narrate takes clips, 'edge chat {path}' answers about pictures");
        if (live.Source(parsed, path, model.Demo) is { } source) await Watch(parsed, source, path, cancel);
        else await Read(parsed, path!, cancel);
        return ExitCodes.Ok;
    }

    /// <summary>A clip, as fast as the machine goes; files appear when they are complete.</summary>
    private async Task Read(ParseResult parsed, string path, CancellationToken cancel)
    {
        ModelSettings settings = model.Read(parsed);
        string[] targets = parsed.GetValue(outputs) ?? [];
        var files = new List<CaptionFile>();
        var videos = new List<CaptionVideo>();
        var statistics = new LiveStatistics();
        try
        {
            IEnumerable<string> inputs = settings.Files.Prepend(path);
            ILookup<bool, string> kinds = targets.ToLookup(CaptionVideo.IsName);
            foreach (string target in kinds[false]) files.Add(new CaptionFile(target, inputs));
            foreach (string target in kinds[true]) videos.Add(new CaptionVideo(path, target, parsed.GetValue(burn), inputs));
            using Clip clip = Clip.Open(path, new ClipOptions { Notice = Notices.Say }, cancel);
            using ModelSession session = ModelSession.Open(settings, cancel);
            session.Announce();
            ICaptionSink[] sinks = [.. kinds[false].Zip(files, (target, file) => Sink(parsed, target, file.Writer)), .. videos];
            if (sinks.Length == 0) sinks = [Sink(parsed, null, Console.Out)];
            var windows = new ClipWindows(session.Assistant, clip, parsed.GetValue(window), parsed.GetValue(every));
            await using EventActions actions = narration.Actions(parsed, Notices.Say);
            var narrator = new Narrator(session.Assistant, live.Gated(parsed, narration.Read(parsed, generation)), actions.Fire)
            { Statistics = statistics };
            bool onTerminal = targets.Length == 0 && !Console.IsOutputRedirected;
            await NarrationProgress.Run(windows.Count, clip.Duration, onTerminal, progress
                => narrator.Run(windows.Read(cancel), new SinkRow(sinks), progress, cancel));
            if (statistics.AnswersRefused > 0)
                Notices.Say($"{statistics.AnswersRefused} answers left out: not what was asked for (the last: {statistics.LastRefusal})");
            foreach (CaptionFile complete in files) complete.Complete();
            foreach (CaptionVideo complete in videos) await complete.Complete(cancel);
        }
        finally
        {
            foreach (CaptionVideo opened in videos) opened.Dispose();
            foreach (CaptionFile opened in files) opened.Dispose();
        }
    }

    /// <summary>A live source, until it ends; files grow caption by caption.</summary>
    private async Task Watch(ParseResult parsed, LiveSource source, string? path, CancellationToken cancel)
    {
        ModelSettings settings = model.Read(parsed);
        var files = new List<CaptionLog>();
        var statistics = new LiveStatistics();
        LivePanel? panel = Console.IsErrorRedirected ? null : new LivePanel(source.Name, settings.ModelName, statistics);
        Action<string> tell = panel == null ? Notices.Say : panel.Tell;
        try
        {
            foreach (string target in parsed.GetValue(outputs) ?? [])
            {
                if (CaptionVideo.IsName(target))
                    throw new BadInputException(
                        $"{target}: a video is made of a clip, once its captions are there; write a live source's to .srt, .vtt or "
                        + ".jsonl, or record it first (ffmpeg -i SOURCE -t 600 -c copy clip.mkv) and narrate clip.mkv");
                OutputFile.Check(target, path is null or "-" ? settings.Files : settings.Files.Prepend(path));
                files.Add(new CaptionLog(target, Format(parsed, target) ?? throw new BadInputException(
                    $"{target}: console is no format of a file that grows; take one that ends in .srt, .vtt or .jsonl"),
                    live.Rotation(parsed), tell));
            }
            using ModelSession session = ModelSession.Open(settings, cancel);
            session.Announce();
            List<ICaptionSink> sinks = [.. files];
            if (panel != null) sinks.Add(panel);
            if (files.Count == 0 && (panel == null || Console.IsOutputRedirected)) sinks.Add(Sink(parsed, null, Console.Out));
            var request = new LiveRequest(source, live.Connection(parsed) with { Notice = tell }, parsed.GetValue(window),
                parsed.GetValue(every), live.Gate(parsed), live.Duration(parsed), live.Most(parsed),
                live.Gated(parsed, narration.Read(parsed, generation)));
            await using EventActions actions = narration.Actions(parsed, tell);
            await LiveRun.Run(session.Assistant, request, sinks, actions.Fire, panel, statistics, cancel);
            foreach (CaptionLog complete in files) complete.Complete();
        }
        finally
        {
            foreach (CaptionLog opened in files) opened.Dispose();
        }
    }

    private CaptionFormat? Format(ParseResult parsed, string? target) => parsed.GetValue(format) is not { } name ? CaptionFormat.Of(target)
        : CaptionFormat.All.FirstOrDefault(known => known.Name == name);

    private ICaptionSink Sink(ParseResult parsed, string? target, TextWriter writer)
        => Format(parsed, target)?.Write(writer) ?? new ConsoleSink(writer);

    /// <summary>Sinks of a clip, one after the other: all are files, which nobody waits for.</summary>
    private sealed class SinkRow(IReadOnlyList<ICaptionSink> sinks) : ICaptionSink
    {
        public void Write(Caption caption)
        {
            foreach (ICaptionSink sink in sinks) sink.Write(caption);
        }
    }
}
