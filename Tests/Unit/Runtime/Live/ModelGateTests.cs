using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Text.Prompts;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live;

/// <summary>Gates that look through the model's eyes, on a camera whose truth is known: each of the demo clip's scenes, then its last
/// picture for three more windows, under noise.</summary>
public sealed class ModelGateTests : IDisposable
{
    private const int Scenes = 6, Still = 3;

    private static readonly string Shapes = Path.Combine(Golden.Repository, "Samples/ShapesWorld");

    private static readonly TimeSpan Length = TimeSpan.FromSeconds(4), Never = TimeSpan.FromDays(1);

    private readonly CpuDevice device = new(2);
    private readonly Assistant assistant;

    public ModelGateTests() => assistant = Assistant.Load($"{Shapes}/model", device);

    public void Dispose()
    {
        assistant.Dispose();
        device.Dispose();
    }

    private sealed class Sink(Action<Caption> receive) : ICaptionSink
    {
        public void Write(Caption caption) => receive(caption);
    }

    private async Task<(bool[] Told, LiveStatistics Statistics)> Narrate(NarrationOptions options, ChangeGateOptions? pixels, int noise)
    {
        var told = new bool[Scenes * (1 + Still)];
        var statistics = new LiveStatistics();
        ChangeGate? gate = pixels == null ? null : new ChangeGate(pixels);
        IEnumerable<PixelWindow> windows = Camera(noise).Where(window => gate?.Passes(window) != false);
        await new Narrator(assistant, options) { Statistics = statistics }.Run(windows,
            new Sink(caption => told[(int)(caption.Start / Length)] = true), cancel: TestContext.Current.CancellationToken);
        return (told, statistics);
    }

    private IEnumerable<PixelWindow> Camera(int noise)
    {
        using Clip clip = Clip.Open($"{Shapes}/clips/demo.mp4");
        Frame[] frames = [.. clip.Read([.. Enumerable.Range(0, clip.FrameCount)])];
        var random = new Random(3);
        int perScene = frames.Length / Scenes;
        for (int window = 0; window < Scenes * (1 + Still); window++)
        {
            int scene = window / (1 + Still);
            bool moves = window % (1 + Still) == 0;
            Frame[] shown = [.. Enumerable.Range(0, 8).Select(i => Noisy(random, noise,
                frames[scene * perScene + (moves ? i * (perScene - 1) / 7 : perScene - 1)]))];
            yield return new PixelWindow(window * Length, (window + 1) * Length, assistant.Look(shown, isClip: true))
            {
                Looks = [.. shown.Select(frame => new Thumbnail(frame))],
            };
        }
    }

    private static Frame Noisy(Random random, int noise, Frame frame)
        => new([.. frame.Rgb.Select(value => (byte)Math.Clamp(value + random.Next(-noise, noise + 1), 0, 255))], frame.Width, frame.Height,
            frame.Time);

    /// <summary>Which windows of each scene are told. To brightness a scene that comes to rest as it was last seen is nothing new; features and
    /// the model's own words tell motion from rest.</summary>
    [Theory]
    [InlineData("none", "1111")]
    [InlineData("pixels", "1000")]
    [InlineData("features", "1000")]
    [InlineData("features alone", "1100")]
    [InlineData("likelihood", "1000")]
    [InlineData("likelihood alone", "1100")]
    public async Task Silence_is_kept_where_nothing_is_new(string gates, string told)
    {
        const int Noise = 8;
        var options = new NarrationOptions
        {
            Generation = new GenerationOptions { MaxTokens = 24, GuardLoops = true },
            FeatureGate = gates is "features" or "features alone" or "likelihood" ? FeatureGateOptions.Default with { Refresh = Never } : null,
            LikelihoodGate = gates.StartsWith("likelihood") ? LikelihoodGateOptions.Default with { Refresh = Never } : null,
        };
        ChangeGateOptions? pixels = gates is "none" || gates.EndsWith("alone") ? null : ChangeGateOptions.Default with { Refresh = Never };
        (bool[] said, LiveStatistics statistics) = await Narrate(options, pixels, Noise);
        Assert.Equal(string.Concat(Enumerable.Repeat(told, Scenes)), string.Concat(said.Select(isSaid => isSaid ? '1' : '0')));
        int silent = said.Count(isSaid => !isSaid);
        if (gates == "features alone") Assert.Equal(silent, statistics.WindowsAlike);
        if (gates == "likelihood alone") Assert.Equal(silent, statistics.CaptionsLeftOut);
        Assert.InRange(statistics.Busy, TimeSpan.FromTicks(1), TimeSpan.FromMinutes(5));
    }

    [Fact]
    public void The_likelihood_of_an_answer_is_that_of_its_ids_one_by_one_and_changes_nothing()
    {
        using Clip clip = Clip.Open($"{Shapes}/clips/demo.mp4");
        Frame[] frames = [.. clip.Read([0, 4, 9, 13, 18, 22, 27, 31])];
        using VisionTokens tokens = assistant.Encode(assistant.Look(frames, isClip: true)).Tokens;
        using Conversation conversation = assistant.Start();
        conversation.Show(tokens, leaveOpen: true);
        var options = new GenerationOptions { MaxTokens = 24 };
        Answer answer = conversation.Ask(Assistant.Question, options);
        conversation.Rewind();
        double own = conversation.Likelihood(Assistant.Question, answer.Ids);
        int[] other = [.. answer.Ids.Reverse()];
        Assert.Equal(Alone(tokens, answer.Ids), own, 4);
        Assert.Equal(Alone(tokens, other), conversation.Likelihood(Assistant.Question, other), 4);
        Assert.InRange(own, -1, 0);
        Assert.Equal(answer.Ids, conversation.Ask(Assistant.Question, options).Ids);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        conversation.Rewind();
        Assert.ThrowsAny<OperationCanceledException>(() => conversation.Likelihood(Assistant.Question, other, cancelled.Token));
        Assert.Equal(own, conversation.Likelihood(Assistant.Question, answer.Ids), 6);
    }

    /// <summary>Nothing is kept from before: the ids' logarithms by a prefill for each.</summary>
    private double Alone(VisionTokens tokens, IReadOnlyList<int> ids)
    {
        double sum = 0;
        Matrix logits = assistant.Model.Device.AllocateMatrix(1, assistant.Config.Language.Vocabulary);
        for (int i = 0; i < ids.Count; i++)
        {
            string prompt = PromptIds.DefaultTemplate(assistant.Config, assistant.Tokenizer).Render([new(ChatRole.User,
                PromptIds.Mark(assistant.Config, [VisualShape.Of(tokens)], Assistant.Question)), new(ChatRole.Assistant, null)]);
            MergedPrompt merged = PromptIds.Merge(assistant.Config, assistant.Tokenizer, prompt, [tokens]);
            foreach (int id in ids.Take(i)) merged.Append(id);
            using LlamaState state = assistant.Model.CreateState();
            assistant.Model.Prefill(merged, state, logits);
            float[] row = assistant.Model.LanguageQueue.Read(logits);
            sum += row[ids[i]] - Math.Log(row.Sum(logit => Math.Exp((double)logit)));
        }
        logits.Buffer.Dispose();
        return sum / ids.Count;
    }
}
