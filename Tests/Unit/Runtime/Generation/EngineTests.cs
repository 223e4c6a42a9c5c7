using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Generation;

/// <summary>Many conversations at once: each says what it says alone, and a failure or an end of one is nobody else's.</summary>
public sealed class EngineTests
{
    private static readonly string Shapes = Path.Combine(Golden.Repository, "Samples/ShapesWorld");

    private static readonly string[] Questions = ["Describe what you see.", "What colour is it?", "Where is it?"];

    public static TheoryData<TestDevice> Devices => [TestDevice.Cpu, TestDevice.OpenCl, TestDevice.OpenClPortable, TestDevice.Cuda];

    private static Assistant Load(TestDevice device, string folder) => Assistant.Load(folder, TestDevices.Get(device));

    private static VisionTokens See(Assistant assistant, string file) => assistant.See($"{Shapes}/{file}").Tokens;

    /// <summary>Twenty dialogues of three turns on twelve threads, twice: greedy ones, drawn ones, and some that are cancelled.</summary>
    [Theory, DeviceRows(nameof(Devices))]
    public void What_a_conversation_says_does_not_depend_on_who_else_is_there(TestDevice device)
    {
        using Assistant assistant = Load(device, $"{Shapes}/model");
        string[] files = ["clips/clip_00.mp4", "pictures/picture_00.png", "clips/clip_05.mp4", "clips/clip_02.mp4"];
        VisionTokens[] seen = [.. files.Select(file => See(assistant, file))];
        string[][] alone = [.. Enumerable.Range(0, 20).Select(i => Dialogue(assistant, seen[i % seen.Length], i))];
        for (int round = 0; round < 2; round++)
        {
            var together = new string[alone.Length][];
            Parallel.For(0, alone.Length, new ParallelOptions { MaxDegreeOfParallelism = 12 }, i =>
            {
                if (i % 5 == 4) Cancelled(assistant, seen[i % seen.Length]);
                together[i] = Dialogue(assistant, seen[i % seen.Length], i);
            });
            Assert.Equal(alone, together);
        }
    }

    private static string[] Dialogue(Assistant assistant, VisionTokens seen, int number)
    {
        using Conversation conversation = assistant.Start();
        conversation.Show(seen, leaveOpen: true);
        // Two of three greedily; the others draw, on the device where it can.
        var sampling = number % 3 < 2 ? new SamplingOptions() : new SamplingOptions { Temperature = 1.5f, TopK = 8, Seed = (ulong)number };
        var options = new GenerationOptions { MaxTokens = 24, Sampling = sampling };
        return [.. Questions.Select(question => conversation.Ask(question, options).Text)];
    }

    private static void Cancelled(Assistant assistant, VisionTokens seen)
    {
        using Conversation conversation = assistant.Start();
        conversation.Show(seen, leaveOpen: true);
        using var stop = new CancellationTokenSource();
        Assert.Throws<AnswerCancelledException>(() => conversation.Ask(Questions[0], text: _ => stop.Cancel(), cancel: stop.Token));
        Assert.Equal(0, conversation.Turns);
    }

    /// <summary>Ten answers of 40 ids in steps of at most eight: each of a conversation's ids is the one that it has alone.</summary>
    [Theory, DeviceRows(nameof(Devices))]
    public void More_than_eight_share_their_steps(TestDevice device)
    {
        using Assistant assistant = Load(device, Golden.Path("original-tiny/checkpoint"));
        var options = new GenerationOptions { MaxTokens = 40 };
        string Question(int i) => $"{new string('a', i * i)} what?";
        IReadOnlyList<int> Ask(int i)
        {
            using Conversation conversation = assistant.Start();
            return conversation.Ask(Question(i), options).Ids;
        }
        IReadOnlyList<int>[] alone = [.. Enumerable.Range(0, 10).Select(Ask)];
        var together = new IReadOnlyList<int>[10];
        Thread[] threads = [.. together.Select((_, i) => new Thread(() => together[i] = Ask(i)))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.Equal(alone, together);
    }

    /// <summary>The prompt has three pieces; between them a short answer is said whole.</summary>
    [Fact]
    public async Task A_long_prompt_does_not_hold_up_others()
    {
        using Assistant assistant = Load(TestDevice.Cpu, Golden.Path("original-tiny/checkpoint"));
        using Conversation slow = assistant.Start(), quick = assistant.Start();
        quick.Ask("warm", new GenerationOptions { MaxTokens = 1 });
        using var begun = new ManualResetEventSlim();
        Task<Answer> asked = Task.Run(() =>
        {
            begun.Set();
            return slow.Ask(string.Concat(Enumerable.Repeat("word ", 330)), new GenerationOptions { MaxTokens = 1 });
        }, TestContext.Current.CancellationToken);
        begun.Wait(TestContext.Current.CancellationToken);
        Answer answer = quick.Ask("What?", new GenerationOptions { MaxTokens = 2 });
        Assert.Equal(2, answer.Ids.Count);
        Assert.Single((await asked).Ids);
    }

    /// <summary>A reader that stops reading stops its own answer only.</summary>
    [Fact]
    public async Task A_slow_reader_holds_up_itself_alone()
    {
        using Assistant assistant = Load(TestDevice.Cpu, Golden.Path("original-tiny/checkpoint"));
        using Conversation slow = assistant.Start(), quick = assistant.Start();
        using ManualResetEventSlim reading = new(), free = new();
        var options = new GenerationOptions { MaxTokens = 60 };
        int pieces = 0;
        Task<Answer> asked = Task.Run(() => slow.Ask("What?", options, _ =>
        {
            pieces++;
            reading.Set();
            free.Wait();
        }), TestContext.Current.CancellationToken);
        reading.Wait(TestContext.Current.CancellationToken);
        IReadOnlyList<int> expected = quick.Ask("What?", options).Ids;
        Assert.Equal(1, pieces);
        Assert.False(asked.IsCompleted);
        free.Set();
        Assert.Equal(expected, (await asked).Ids);
        Assert.True(pieces > 8);
    }
}
