using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live;

/// <summary>Several questions about a window, what is watched for, and what is not worth a caption; by the truth of the demo clip.</summary>
public sealed class NarrationTests : IDisposable
{
    private static readonly string Shapes = Path.Combine(Golden.Repository, "Samples/ShapesWorld");

    private readonly CpuDevice device = new(2);
    private readonly Assistant assistant;

    public NarrationTests() => assistant = Assistant.Load($"{Shapes}/model", device);

    public void Dispose()
    {
        assistant.Dispose();
        device.Dispose();
    }

    private sealed class Sink(Action<Caption> receive) : ICaptionSink
    {
        public void Write(Caption caption) => receive(caption);
    }

    private async Task<(List<Caption> Captions, List<LiveEvent> Events)> Narrate(NarrationOptions options, double every = 4,
        LiveStatistics? statistics = null)
    {
        using Clip clip = Clip.Open($"{Shapes}/clips/demo.mp4");
        var windows = new ClipWindows(assistant, clip, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(every));
        var captions = new List<Caption>();
        var events = new List<LiveEvent>();
        var narrator = new Narrator(assistant, options, events.Add) { Statistics = statistics };
        await narrator.Run(windows.Read(default), new Sink(captions.Add), cancel: TestContext.Current.CancellationToken);
        return (captions, events);
    }

    [Fact]
    public void A_fork_prefills_its_question_alone_and_answers_as_if_it_were_the_first()
    {
        const string Second = "Is there a blue ring?";
        using PixelValues pixels = assistant.Look($"{Shapes}/clips/clip_00.mp4");
        using VisionTokens tokens = assistant.Encode(pixels).Tokens;
        using Conversation alone = assistant.Start(), forked = assistant.Start();
        alone.Show(tokens, leaveOpen: true);
        Answer expected = alone.Ask(Second);
        forked.Show(tokens, leaveOpen: true);
        Answer first = forked.Ask("What is happening in the video?");
        forked.Rewind();
        Answer fork = forked.Ask(Second);
        Assert.Equal((expected.Text, expected.PromptPositions), (fork.Text, fork.PromptPositions));
        Assert.InRange(first.PrefilledPositions, tokens.Blocks * tokens.RowsPerBlock, int.MaxValue);
        Assert.InRange(fork.PrefilledPositions, 1, 30);
    }

    [Fact]
    public async Task Triggers_fire_when_their_thing_appears()
    {
        (List<Caption> captions, List<LiveEvent> events) = await Narrate(new NarrationOptions
        {
            Triggers = [new("a star"), new("a purple cross"), new("Is there a ring?"), new("a pink triangle"), new("an orange circle")],
        });
        Assert.Equal([("an orange circle", 0), ("a star", 4), ("a purple cross", 16), ("Is there a ring?", 16)],
            events.Select(fired => (fired.What, fired.Start.TotalSeconds)));
        Assert.Equal(["an orange circle", "a star", "", "", "a purple cross,Is there a ring?", ""],
            captions.Select(caption => string.Join(',', caption.Events)));
        Assert.Equal("An orange circle shrinks.", captions[0].Text); // as without triggers
    }

    /// <summary>Answers about one window after the other, and in which it fires.</summary>
    [Theory]
    [InlineData(1, 2, "n y y n y y n n y", "010000001")]
    [InlineData(2, 2, "n y n y y y n n y y", "0000100001")]
    [InlineData(1, 1, "y n y", "101")]
    [InlineData(1, 2, "y n ? y", "1001")] // what is neither is no
    public void A_trigger_fires_once_for_each_appearance(int rise, int fall, string answers, string expected)
    {
        var state = new TriggerState(new EventTrigger("a person") { Rise = rise, Fall = fall });
        Assert.Equal(expected, string.Concat(answers.Split(' ').Select(answer
            => state.Appears(answer switch { "y" => "Yes, there is.", "n" => "No.", _ => "Yesterday, perhaps." }) ? '1' : '0')));
    }

    [Fact]
    public async Task What_says_nothing_new_is_left_out_and_counted()
    {
        var statistics = new LiveStatistics();
        (List<Caption> all, _) = await Narrate(new NarrationOptions(), every: 0.5);
        (List<Caption> news, _) = await Narrate(new NarrationOptions { RepeatsFrom = 1 }, every: 0.5, statistics);
        string[] distinct = [.. all.Select(caption => caption.Text).Where((text, i) => i == 0 || text != all[i - 1].Text)];
        Assert.True(distinct.Length < all.Count, "no caption repeats another");
        Assert.Equal(distinct, news.Select(caption => caption.Text));
        Assert.Equal(all.Count - distinct.Length, statistics.CaptionsLeftOut);
    }

    [Fact]
    public async Task An_answer_that_is_silence_is_no_caption()
    {
        (List<Caption> captions, _) = await Narrate(new NarrationOptions { Question = "Is there a circle?", Silence = "No" });
        Assert.Equal([0, 8, 12], captions.Select(caption => caption.Start.TotalSeconds)); // orange, red, black
        Assert.All(captions, caption => Assert.StartsWith("Yes", caption.Text));
    }

    /// <summary>With the last caption in the question the prompt is longer by it, from the second window on.</summary>
    [Fact]
    public async Task The_last_caption_is_told_to_the_model()
    {
        var question = new NarrationOptions { Question = "" }; // what it answers shows what it was told
        (List<Caption> plain, _) = await Narrate(question);
        (List<Caption> told, _) = await Narrate(question with { WithContext = true });
        Assert.Equal(plain[0].Text, told[0].Text);
        Assert.NotEqual(plain.Select(caption => caption.Text), told.Select(caption => caption.Text));
    }

    [Theory]
    [InlineData("A red circle moves left.", "a red circle moves left", 1)]
    [InlineData("", "", 1)]
    [InlineData("A red circle moves left.", "The blue square vanishes.", 0)]
    [InlineData("A man walks in.", "A man walks out.", 3 / 7.0)]
    public void Similarity_is_the_share_of_word_pairs(string a, string b, double expected)
    {
        Assert.Equal(expected, Similarity.Of(a, b), 6);
        Assert.Equal(expected, Similarity.Of(b, a), 6);
    }

    /// <summary>Of the demo clip's answers, those that begin with "A white" are silence: they are left out, after two or three tokens.</summary>
    [Fact]
    public async Task What_begins_with_the_words_of_silence_is_no_caption_and_is_not_finished()
    {
        var statistics = new LiveStatistics();
        var options = new NarrationOptions { Generation = new GenerationOptions { MaxTokens = 40 } };
        (List<Caption> all, _) = await Narrate(options);
        (List<Caption> kept, _) = await Narrate(options with { Silence = "A white" }, statistics: statistics);
        Assert.Equal(all.Select(caption => caption.Text).Where(text => !text.StartsWith("A white")), kept.Select(caption => caption.Text));
        Assert.Equal(all.Count - kept.Count, statistics.CaptionsLeftOut);
        Assert.InRange(kept.Count, 1, all.Count - 1);
    }

    [Fact]
    public async Task An_answer_that_is_not_what_was_asked_for_is_no_caption_and_is_counted()
    {
        var statistics = new LiveStatistics();
        (List<Caption> kept, _) = await Narrate(new NarrationOptions
        {
            Generation = new GenerationOptions { MaxTokens = 40 },
            Check = answer => answer.Contains("star") ? null : "no star",
        }, statistics: statistics);
        Assert.Equal(["A white star vanishes."], kept.Select(caption => caption.Text));
        Assert.Equal((5, "no star"), (statistics.AnswersRefused, statistics.LastRefusal));
    }
}
