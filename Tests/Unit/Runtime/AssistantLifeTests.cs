using System.Runtime.CompilerServices;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime;

/// <summary>An assistant in a host that calls at the wrong time: from many threads, from inside callbacks, after the end, or never again.</summary>
public sealed class AssistantLifeTests : IDisposable
{
    private const string Describe = "Describe what you see.";

    private static readonly GenerationOptions Endless = new() { MaxTokens = 3000 };

    private static readonly string Shapes = Path.Combine(Golden.Repository, "Samples/ShapesWorld"), Model = $"{Shapes}/model",
        Clip = $"{Shapes}/clips/clip_00.mp4", Picture = $"{Shapes}/pictures/picture_00.png";

    private readonly CpuDevice device = new(2);

    public void Dispose() => device.Dispose();

    /// <summary>The tiny model says thousands of tokens before it stops; the trained one a sentence.</summary>
    private Assistant Talkative() => Assistant.Load(Golden.Path("original-tiny/checkpoint"), device);

    [Fact]
    public void Encodes_from_many_threads_are_each_their_own()
    {
        using Assistant assistant = Assistant.Load(Model, device);
        string[] files = [Clip, Picture, $"{Shapes}/clips/clip_05.mp4"];
        float[][] expected = [.. files.Select(file => Rows(assistant, file))];
        Parallel.For(0, 24, new ParallelOptions { MaxDegreeOfParallelism = 8 },
            i => Assert.Equal(expected[i % 3], Rows(assistant, files[i % 3])));
    }

    private float[] Rows(Assistant assistant, string file)
    {
        using VisionTokens tokens = assistant.See(file).Tokens;
        using ComputeQueue queue = device.CreateQueue();
        return queue.Read(tokens.Rows);
    }

    [Fact]
    public void A_second_question_meanwhile_is_refused_and_changes_nothing()
    {
        using Assistant assistant = Assistant.Load(Model, device);
        using Conversation conversation = assistant.Start();
        conversation.Show(Clip);
        Action[] others = [() => conversation.Ask("Where is it?"), () => conversation.Reset(), () => conversation.Show(Clip),
            () => conversation.TakeBack()];
        var refused = new List<Exception>();
        Answer answer = conversation.Ask(Describe, text: _ =>
        {
            foreach (Action other in others)
            {
                refused.Add(Assert.Throws<InvalidOperationException>(other)); // from inside the callback
                refused.Add(Task.Run(() => Assert.Throws<InvalidOperationException>(other)).GetAwaiter().GetResult());
            }
        });
        Assert.All(refused, e => Assert.Contains("one thing at a time", e.Message));
        Assert.NotEmpty(refused);
        Assert.Equal("A blue ring vanishes.", answer.Text);
        Assert.Equal(1, conversation.Turns);
        Assert.Equal("At the bottom.", conversation.Ask("In which place is the blue ring?").Text);
    }

    [Fact]
    public void After_the_end_every_member_says_so()
    {
        Assistant assistant = Assistant.Load(Model, device);
        Conversation ended = assistant.Start(), orphan = assistant.Start();
        VisionTokens tokens = assistant.See(Clip).Tokens;
        using PixelValues pixels = assistant.Look(Picture);
        ended.Dispose();
        Action[] onConversation = [() => ended.Ask("?"), () => ended.Reset(), () => ended.Show(Clip), () => ended.Show(tokens),
            () => ended.TakeBack()];
        Assert.All(onConversation, action => Assert.Throws<ObjectDisposedException>(action));
        assistant.Dispose();
        assistant.Dispose();
        Action[] onAssistant = [() => assistant.Start(), () => assistant.Look(Clip), () => assistant.Encode(pixels),
            () => assistant.See(Picture), () => orphan.Ask("?"), () => orphan.Show(Clip)];
        Assert.All(onAssistant, action => Assert.Throws<ObjectDisposedException>(action));
        orphan.Dispose();
        ended.Dispose();
        tokens.Dispose();
        Assert.Equal(0, device.AllocatedBytes);
    }

    public enum Where { OtherThread, Callback }

    [Theory, InlineData(Where.OtherThread), InlineData(Where.Callback)]
    public async Task Disposing_an_assistant_ends_answers_that_are_on_their_way(Where where)
    {
        Assistant assistant = Talkative();
        Conversation[] all = [.. Enumerable.Range(0, 3).Select(_ => assistant.Start())];
        using var begun = new CountdownEvent(3);
        Task[] asking = [.. all.Select((conversation, i) => Task.Run(() =>
        {
            int pieces = 0;
            Assert.Throws<ObjectDisposedException>(() => conversation.Ask("What?", Endless, _ =>
            {
                if (++pieces != 2) return;
                begun.Signal();
                begun.Wait();
                if (where == Where.Callback && i == 1) assistant.Dispose();
            }));
        }))];
        begun.Wait(TestContext.Current.CancellationToken);
        if (where == Where.OtherThread) assistant.Dispose();
        await Task.WhenAll(asking).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        foreach (Conversation conversation in all) conversation.Dispose();
        assistant.Dispose();
        Assert.Equal(0, device.AllocatedBytes);
    }

    [Theory, InlineData(Where.OtherThread), InlineData(Where.Callback)]
    public async Task Disposing_a_conversation_ends_its_answer_and_no_other(Where where)
    {
        using Assistant assistant = Talkative();
        using Conversation other = assistant.Start();
        IReadOnlyList<int> expected = other.Ask("What?", new GenerationOptions { MaxTokens = 100 }).Ids;
        other.Reset();
        Conversation ending = assistant.Start();
        using var begun = new ManualResetEventSlim();
        Task asking = Task.Run(() => Assert.Throws<ObjectDisposedException>(() => ending.Ask("What?", Endless, _ =>
        {
            begun.Set();
            if (where == Where.Callback) ending.Dispose();
        })), TestContext.Current.CancellationToken);
        Task<IReadOnlyList<int>> meanwhile = Task.Run(() => other.Ask("What?", new GenerationOptions { MaxTokens = 100 }).Ids);
        begun.Wait(TestContext.Current.CancellationToken);
        if (where == Where.OtherThread) ending.Dispose();
        await asking.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(expected, await meanwhile);
    }

    /// <summary>The clip ends within a frame, which is told while it is read.</summary>
    [Fact]
    public void Disposing_from_a_callback_of_reading_ends_it_once_it_returns()
    {
        Assistant assistant = Assistant.Load(Model, device);
        int told = 0;
        void Told(string notice)
        {
            told++;
            assistant.Dispose(); // does not wait for the call that it is in
        }
        using var folder = new TemporaryFolder();
        string cut = folder.File("cut.y4m", [.. "YUV4MPEG2 W16 H16 F10:1 Cmono\n"u8, .. Enumerable.Repeat<byte[]>([.. "FRAME\n"u8, .. new byte[256]], 9)
            .SelectMany(frame => frame), .. "FRAME\n"u8, .. new byte[100]]);
        Assert.Throws<ObjectDisposedException>(() => assistant.See(cut, new ShowOptions { Clip = new() { Notice = Told } }));
        Assert.Equal((1, 0), (told, device.AllocatedBytes));
        Assert.Throws<ObjectDisposedException>(() => assistant.Start());
    }

    [Fact]
    public async Task An_answer_comes_in_pieces_and_whole()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await using Assistant assistant = await Assistant.LoadAsync(Model, new() { Device = "cpu", Weights = "q8_0", KvCache = "int8" },
            cancel: cancel);
        await using Conversation conversation = assistant.Start();
        Shown shown = await conversation.ShowAsync(Clip, cancel: cancel);
        Assert.Empty(shown.Notices);
        string text = "";
        await foreach (string piece in conversation.AskAsync(Describe, cancel: cancel)) text += piece;
        Assert.Equal("A blue ring vanishes.", text);
        Assert.Equal((text, StopReason.EndToken), (conversation.LastAnswer!.Text, conversation.LastAnswer.Stop));
    }

    [Fact]
    public async Task Leaving_the_loop_early_leaves_the_dialogue_as_it_was()
    {
        await using Assistant assistant = Talkative();
        await using Conversation conversation = assistant.Start();
        await foreach (string _ in conversation.AskAsync("What?", Endless, TestContext.Current.CancellationToken)) break;
        Assert.Equal((0, null), (conversation.Turns, conversation.LastAnswer));
        using var stop = new CancellationTokenSource();
        var e = await Assert.ThrowsAsync<AnswerCancelledException>(async () =>
        {
            await foreach (string _ in conversation.AskAsync("What?", Endless, stop.Token)) await stop.CancelAsync();
        });
        Assert.NotEmpty(e.Partial.Ids);
        Assert.Equal(0, conversation.Turns);
        Assert.Equal(5, conversation.Ask("What?", new GenerationOptions { MaxTokens = 5 }).Ids.Count);
    }

    [Fact]
    public void What_nobody_disposes_is_given_back_and_told()
    {
        var told = new System.Collections.Concurrent.ConcurrentBag<string>();
        Forget(told);
        for (int i = 0; i < 100 && told.Count < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Thread.Sleep(20);
        }
        Assert.Equal(["Assistant", "Conversation", "Conversation"], told.Select(line => line.Split(' ')[0]).Order());
        Assert.All(told, line => Assert.Contains("was not disposed", line));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(System.Collections.Concurrent.ConcurrentBag<string> told)
    {
        Assistant assistant = Assistant.Load(Model, new AssistantOptions { Device = "cpu", Threads = 1, Warn = told.Add });
        Conversation asked = assistant.Start(), reading = assistant.Start();
        asked.Show(Clip);
        asked.Ask(Describe);
        IAsyncEnumerator<string> left = reading.AskAsync("Hello", Endless).GetAsyncEnumerator();
        Assert.True(left.MoveNextAsync().AsTask().GetAwaiter().GetResult());
    }

    [Theory, InlineData("q9_9", "type of weights"), InlineData("Q4_0", "type of weights")]
    public void A_type_that_is_none_is_said(string name, string what)
        => Assert.Contains($"'{name}' is no {what}; there are f16, q8_0",
            Assert.Throws<BadInputException>(() => WeightType.Parse(name)).Message);
}
