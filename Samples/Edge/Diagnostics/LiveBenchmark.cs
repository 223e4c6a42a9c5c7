using System.Diagnostics;
using System.Threading.Channels;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Live.Sources;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>What is narrated in a live benchmark.</summary>
/// <param name="Every">Seconds from one window to the next.</param>
/// <param name="Tokens">Of each answer.</param>
/// <param name="Windows">Measured after one to warm up.</param>
internal sealed record LiveLoad(int Width, int Height, double Every, int Tokens, int Windows)
{
    public const int FramesPerSecond = 30;
}

/// <summary>Mean seconds of a window's stages, and how many windows a minute come out when the stages overlap.</summary>
/// <param name="Capture">Waiting for the installed ffmpeg's frames of one distance between windows, and taking them.</param>
internal sealed record LiveStages(double Capture, double Preprocess, double Encode, double Prefill, double Decode,
    double WindowsPerMinute);

/// <summary>Times a model's live path as the narrator runs it, with a test picture and an answer of fixed length: frames come from ffmpeg,
/// are resampled and encoded, while on another thread the last window's answer is prefilled behind the system prompt and generated.
/// </summary>
internal sealed class LiveBenchmark(VideoLlava model, LiveLoad load)
{
    private const int Before = 40, After = 20; // ids of the system prompt and of a question

    private sealed record Seen(VisionTokens Tokens, double Capture, double Preprocess, double Encode);

    public async Task<LiveStages> Run(CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Channel<Seen> encoded = Channel.CreateBounded<Seen>(1);
        Task seeing = Task.Run(() => See(encoded.Writer, stop.Token), CancellationToken.None);
        try
        {
            LiveStages stages = await Tell(encoded.Reader, cancel);
            await seeing;
            return stages;
        }
        finally
        {
            await stop.CancelAsync();
            await seeing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (encoded.Reader.TryRead(out Seen? left)) left.Tokens.Dispose();
        }
    }

    private async Task See(ChannelWriter<Seen> encoded, CancellationToken cancel)
    {
        IFramePreprocessor preprocessor = AssistantParts.ClipPreprocessor(model);
        using var owned = preprocessor as IDisposable;
        try
        {
            using IEnumerator<DecodedFrame> frames = TestPicture().Read(new LiveOptions(), cancel).GetEnumerator();
            for (int window = 0; window <= load.Windows; window++)
            {
                long began = Stopwatch.GetTimestamp();
                List<Frame> shown = Take(frames);
                double capture = Seconds(ref began);
                using PixelValues pixels = preprocessor.Clip(shown, shown.Count);
                double preprocess = Seconds(ref began);
                VisionTokens tokens = model.Encode(pixels, cancel: cancel);
                model.VisionQueue.Wait();
                tokens.Finished();
                await encoded.WriteAsync(new Seen(tokens, capture, preprocess, Seconds(ref began)), cancel);
            }
            encoded.Complete();
        }
        catch (Exception e)
        {
            encoded.Complete(e);
        }
    }

    private async Task<LiveStages> Tell(ChannelReader<Seen> encoded, CancellationToken cancel)
    {
        using LlamaState state = model.CreateState();
        using var row = new DecodeRow(model, state, model.Config.Language.Vocabulary);
        using var loop = new DecodeLoop(model);
        Matrix logits = model.Device.AllocateMatrix(1, model.Config.Language.Vocabulary);
        using DeviceBuffer memory = logits.Buffer;
        int[] next = new int[loop.Steps];
        var sum = new LiveStages(0, 0, 0, 0, 0, 0);
        long first = 0;
        int count = -1;
        await foreach (Seen seen in encoded.ReadAllAsync(cancel))
        {
            using VisionTokens tokens = seen.Tokens;
            long began = Stopwatch.GetTimestamp();
            state.Truncate(Math.Min(state.Length, Before));
            model.Prefill(Prompt(tokens), state, logits, cancel: cancel);
            model.LanguageQueue.Wait();
            double prefill = Seconds(ref began);
            for (int done = 0, id = 1; done < load.Tokens; done += loop.Steps, id = next[0])
                loop.Run([row], [id], next.AsSpan(0, Math.Min(loop.Steps, load.Tokens - done)));
            double decode = Seconds(ref began);
            if (++count == 0) first = began;
            else sum = new LiveStages(sum.Capture + seen.Capture, sum.Preprocess + seen.Preprocess, sum.Encode + seen.Encode,
                sum.Prefill + prefill, sum.Decode + decode, 0);
        }
        double n = Math.Max(1, count);
        return new LiveStages(sum.Capture / n, sum.Preprocess / n, sum.Encode / n, sum.Prefill / n, sum.Decode / n,
            60 * n / Stopwatch.GetElapsedTime(first).TotalSeconds);
    }

    private FfmpegFrames TestPicture()
        => new("test picture", ["-f", "lavfi", "-i", $"testsrc2=size={load.Width}x{load.Height}:rate={LiveLoad.FramesPerSecond}"]);

    /// <summary>The frames of one distance between windows; of them those that a window is seen by.</summary>
    private List<Frame> Take(IEnumerator<DecodedFrame> frames)
    {
        int all = Math.Max(model.Config.ClipFrames, (int)(load.Every * LiveLoad.FramesPerSecond)), count = model.Config.ClipFrames;
        var shown = new List<Frame>();
        for (int i = 0; i < all; i++)
        {
            if (!frames.MoveNext()) throw new BadInputException("the test picture broke off");
            DecodedFrame frame = frames.Current;
            if (i == shown.Count * (all - 1) / (count - 1)) shown.Add(new Frame(frame.Rgb!, frame.Width, frame.Height, default));
            else FrameMemory.Release(frame.Rgb!);
        }
        return shown;
    }

    private MergedPrompt Prompt(VisionTokens tokens)
    {
        int vocabulary = model.Config.Language.Vocabulary;
        IEnumerable<int> Text(int from, int ids) => Enumerable.Range(from, ids).Select(id => id * 7 % vocabulary);
        return MergedPrompt.FromMarkers([.. Text(1, Before), .. Enumerable.Repeat(MergedPrompt.VisualMarker, tokens.Blocks),
            .. Text(100, After)], [tokens], vocabulary);
    }

    private static double Seconds(ref long began)
    {
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        began = Stopwatch.GetTimestamp();
        return seconds;
    }
}
