using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Generation;

/// <summary>Dialogues: what fails leaves no trace, one does not disturb another, and nothing stays behind on the device.</summary>
public sealed class ConversationTests : IDisposable
{
    private const string Describe = "Describe what you see.", Where = "In which place is the blue ring?",
        Happens = "What happens to the ring?";

    private static readonly string Shapes = Path.Combine(Golden.Repository, "Samples/ShapesWorld");

    private readonly CpuDevice device = new(2);
    private readonly Assistant assistant;

    public ConversationTests() => assistant = Assistant.Load($"{Shapes}/model", device);

    public void Dispose()
    {
        assistant.Dispose();
        device.Dispose();
    }

    private VisionTokens See(string file) => assistant.Encode(assistant.Look($"{Shapes}/{file}")).Tokens;

    [Fact]
    public void A_failed_or_cancelled_question_leaves_the_dialogue_as_it_was()
    {
        using Conversation conversation = assistant.Start();
        conversation.Show(See("clips/clip_00.mp4"));
        var tooLong = string.Concat(Enumerable.Repeat("ring ", 2000));
        Assert.Throws<BadInputException>(() => conversation.Ask(tooLong));
        Assert.Throws<BadInputException>(() => conversation.Ask(Describe, new GenerationOptions { MaxTokens = 0 }));
        Assert.Empty(Assert.Throws<AnswerCancelledException>(
            () => conversation.Ask(Where, cancel: new CancellationToken(canceled: true))).Partial.Ids);
        Assert.Throws<InvalidOperationException>(() => conversation.Ask(Where, text: _ => throw new InvalidOperationException()));
        Assert.Equal(0, conversation.Turns);
        // The clip is still shown with the first question that succeeds.
        Assert.Equal("A blue ring vanishes.", conversation.Ask(Describe).Text);
        using var stop = new CancellationTokenSource();
        Answer half = Assert.Throws<AnswerCancelledException>(
            () => conversation.Ask(Describe, text: _ => stop.Cancel(), cancel: stop.Token)).Partial;
        Assert.Equal(StopReason.Cancelled, half.Stop);
        Assert.NotEmpty(half.Ids);
        Assert.Throws<BadInputException>(() => conversation.Ask(tooLong));
        Assert.Equal(1, conversation.Turns);
        Assert.Equal(["At the bottom.", "It vanishes."], new[] { conversation.Ask(Where).Text, conversation.Ask(Happens).Text });
    }

    [Fact]
    public void A_dialogue_that_was_had_elsewhere_goes_on()
    {
        using Conversation conversation = assistant.Start();
        conversation.Show(See("clips/clip_00.mp4"));
        string described = conversation.Ask(Describe).Text;
        Answer expected = conversation.Ask(Where);
        using Conversation other = assistant.Start();
        other.Show(See("clips/clip_00.mp4"));
        other.Recall(Describe, described);
        Answer answer = other.Ask(Where);
        Assert.Equal((expected.Text, expected.PromptPositions, 2), (answer.Text, answer.PromptPositions, other.Turns));
    }

    [Fact]
    public async Task A_stream_is_seen_as_its_file_and_its_copy_is_gone()
    {
        using Conversation conversation = assistant.Start();
        using (FileStream clip = File.OpenRead($"{Shapes}/clips/clip_00.mp4"))
            await conversation.ShowAsync(clip, cancel: TestContext.Current.CancellationToken);
        Assert.Equal("A blue ring vanishes.", conversation.Ask(Describe).Text);
        var e = await Assert.ThrowsAsync<BadInputException>(
            () => conversation.ShowAsync(new MemoryStream("words"u8.ToArray()), cancel: TestContext.Current.CancellationToken));
        Assert.StartsWith("the stream: plain text", e.Message);
        string copy = e.InnerException!.Message.Split(':')[0];
        Assert.StartsWith(Path.GetTempPath(), copy);
        Assert.False(File.Exists(copy));
    }

    [Fact]
    public void Conversations_that_take_turns_answer_as_each_does_alone()
    {
        string[] files = ["clips/clip_00.mp4", "pictures/picture_00.png", "clips/clip_05.mp4"],
            questions = [Describe, "What colour is it?", "Where is it?"];
        string[][] alone = [.. files.Select(file =>
        {
            using Conversation conversation = assistant.Start();
            conversation.Show(See(file));
            return questions.Select(question => conversation.Ask(question).Text).ToArray();
        })];
        Conversation[] together = [.. files.Select(_ => assistant.Start())];
        for (int i = 0; i < files.Length; i++) together[i].Show(See(files[i]));
        for (int turn = 0; turn < questions.Length; turn++)
        {
            for (int i = files.Length - 1; i >= 0; i--) Assert.Equal(alone[i][turn], together[i].Ask(questions[turn]).Text);
        }
        foreach (Conversation conversation in together) conversation.Dispose();
    }

    [Fact]
    public void After_a_reset_another_clip_is_answered_as_if_nothing_had_been()
    {
        using Conversation used = assistant.Start(), fresh = assistant.Start();
        used.Show(See("clips/clip_00.mp4"));
        used.Ask(Describe);
        used.Reset();
        Assert.Equal(0, used.Turns);
        used.Show(See("clips/clip_01.mp4"));
        fresh.Show(See("clips/clip_01.mp4"));
        Answer again = used.Ask(Describe), expected = fresh.Ask(Describe);
        Assert.Equal(expected.Ids, again.Ids);
        Assert.True(again.PrefilledPositions < expected.PrefilledPositions); // the system prompt was still there
    }

    [Fact]
    public void A_conversation_leaves_nothing_on_the_device()
    {
        void Talk()
        {
            using Conversation conversation = assistant.Start();
            conversation.Show(See("clips/clip_00.mp4"));
            conversation.Show(See("pictures/picture_00.png"));
            conversation.Ask(Describe, new GenerationOptions { MaxTokens = 3 });
            conversation.Reset();
            conversation.Show(See("clips/clip_00.mp4"));
            Assert.ThrowsAny<Exception>(() => conversation.Ask(Describe, text: _ => throw new InvalidOperationException()));
        }
        Talk(); // the scratch takes its size
        long before = device.AllocatedBytes;
        for (int i = 0; i < 3; i++) Talk();
        Assert.Equal(before, device.AllocatedBytes);
    }

    [Fact]
    public void A_visual_that_another_conversation_has_let_go_is_refused()
    {
        VisionTokens clip = See("clips/clip_00.mp4");
        using (Conversation first = assistant.Start()) first.Show(clip);
        using Conversation second = assistant.Start();
        Assert.Throws<ObjectDisposedException>(() => second.Show(clip));
        Assert.NotEmpty(second.Ask("Hello").Text);
    }

    /// <summary>Its memory goes with the last who holds it.</summary>
    [Theory, InlineData(true), InlineData(false)]
    public void A_clip_that_two_share_stays_until_both_have_let_it_go(bool leaveOpen)
    {
        VisionTokens clip = See("clips/clip_00.mp4");
        long encoded = device.AllocatedBytes;
        using Conversation first = assistant.Start(), second = assistant.Start();
        long before = device.AllocatedBytes;
        first.Show(clip, leaveOpen: true);
        second.Show(clip, leaveOpen);
        Assert.Equal(first.Ask(Describe).Text, second.Ask(Describe).Text);
        first.Reset();
        clip.Dispose();
        clip.Dispose(); // twice is once
        Assert.Equal("At the bottom.", second.Ask(Where).Text);
        Assert.True(encoded <= before && clip.Rows.Rows > 0);
        second.Reset();
        Assert.Throws<ObjectDisposedException>(() => clip.Rows);
    }

    [Fact]
    public void What_was_shown_since_the_last_question_can_be_taken_back()
    {
        using Conversation conversation = assistant.Start();
        conversation.Show(See("clips/clip_00.mp4"));
        Assert.Equal("A blue ring vanishes.", conversation.Ask(Describe).Text);
        conversation.Show(See("clips/clip_01.mp4"));
        conversation.TakeBack();
        Assert.Equal("At the bottom.", conversation.Ask(Where).Text);
    }

    [Fact]
    public void The_configs_limit_cuts_the_expanded_prompt()
    {
        using DoctoredCheckpoint copy = new DoctoredCheckpoint($"{Shapes}/model")
            .Config(config => config["tokenizer_model_max_length"] = 100);
        using Assistant limited = Assistant.Load(copy.Path, device);
        using Conversation conversation = limited.Start();
        conversation.Show(limited.Encode(limited.Look($"{Shapes}/clips/clip_00.mp4")).Tokens);
        Assert.Equal(100, conversation.Ask(Describe, new GenerationOptions { MaxTokens = 1 }).PromptPositions);
    }

    [Fact]
    public void A_model_may_be_let_go_twice_and_leaves_nothing()
    {
        using var own = new CpuDevice(1);
        Assistant model = Assistant.Load($"{Shapes}/model", own);
        model.Encode(model.Look($"{Shapes}/clips/clip_00.mp4")).Tokens.Dispose();
        using (Conversation conversation = model.Start()) conversation.Ask("Hello", new GenerationOptions { MaxTokens = 2 });
        model.Dispose();
        model.Dispose();
        Assert.Equal(0, own.AllocatedBytes);
    }
}
