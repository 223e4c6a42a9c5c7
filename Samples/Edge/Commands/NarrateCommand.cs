using System.CommandLine;
using EdgeVideoLlava.Edge.Options;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Live.Sinks;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Formats;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Edge.Commands;

/// <summary>edge narrate: a caption for each window of a clip.</summary>
internal static class NarrateCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The clip; any container that FFmpeg knows." };
        var window = SecondsOption.Create("--window", 4, "Length of a window, e.g. 4s or 1500ms.");
        var every = SecondsOption.Create("--every", 4, "Distance from one window's start to the next one's.");
        var prompt = new Option<string>("--prompt")
        {
            HelpName = "TEXT",
            Description = "What is asked about every window.",
            DefaultValueFactory = _ => "What is happening in the video?"
        };
        var format = new Option<string>("--format") { Description = "How captions are written.", DefaultValueFactory = _ => "console" };
        format.AcceptOnlyFromAmong("console", "srt", "vtt", "jsonl");
        var output = new Option<string?>("--output", "-o")
        {
            HelpName = "OUT",
            Description = "Write the captions to this file, which appears when they are complete. Default: standard output."
        };
        var model = new ModelOptions();
        var generation = new GenerationOptionSet(maxTokens: 128);
        var command = new Command("narrate", "Caption a clip window by window, back to back, as fast as the machine goes.") { file, window,
            every, prompt, format, output };
        generation.AddTo(command);
        model.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            string path = parsed.GetRequiredValue(file);
            if (MediaFile.Detect(path) == MediaKind.Picture)
                throw new BadInputException($"{path}: a picture; narrate takes clips, 'edge chat {path}' answers about pictures");
            string? target = parsed.GetValue(output);
            if (target != null && Path.GetFullPath(target) == Path.GetFullPath(path))
                throw new BadInputException($"{target}: the clip itself; choose another output path");
            using CaptionFile? captions = target == null ? null : new CaptionFile(target);
            using Clip clip = Clip.Open(path, new ClipOptions { Notice = Notices.Say }, cancel);
            using ModelSession session = ModelSession.Open(model.Read(parsed), cancel);
            session.Announce();
            ICaptionSink sink = Sink(parsed.GetValue(format)!, captions?.Writer ?? Console.Out);
            var windows = new ClipWindows(session.Assistant, clip, parsed.GetValue(window), parsed.GetValue(every));
            var narrator = new Narrator(session.Assistant, parsed.GetValue(prompt)!, generation.Read(parsed) with { GuardLoops = true });
            bool onTerminal = captions == null && !Console.IsOutputRedirected;
            await NarrationProgress.Run(windows.Count, clip.Duration, onTerminal, progress
                => narrator.Run(windows.Read(cancel), sink, progress, cancel));
            captions?.Complete();
            return ExitCodes.Ok;
        });
        return command;
    }

    private static ICaptionSink Sink(string format, TextWriter writer) => format switch
    {
        "srt" => new SrtSink(writer),
        "vtt" => new VttSink(writer),
        "jsonl" => new JsonlSink(writer),
        _ => new ConsoleSink(writer),
    };
}
