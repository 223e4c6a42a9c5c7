using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Generation;

/// <summary>Steps given ahead, and recorded ones, are the steps one by one.</summary>
public sealed class DecodeLoopTests
{
    public static IEnumerable<TheoryDataRow<TestDevice, int>> Devices
        => from device in TestDevices.ForModels.Append(TestDevice.OpenClPortable)
           from steps in new[] { 1, 3 }
           select new TheoryDataRow<TestDevice, int>(device, steps);

    [Theory, MemberData(nameof(Devices))]
    public void Steps_given_ahead_are_the_steps_one_by_one(TestDevice device, int steps) => WithModel(device, model =>
    {
        // 256 positions fit into the first cache: it grows after a few steps, and what was recorded is void.
        int[] expected = OneByOne(model, 247, 24);
        using LlamaState state = model.CreateState();
        using DecodeRow row = Row(model, state);
        using var loop = new DecodeLoop(model, steps);
        int last = Prefill(model, state, 247);
        List<int> got = [last];
        for (int round = 0; got.Count < expected.Length; round++)
        {
            if (round == 5) Disturb(model);
            int[] next = new int[round == 4 ? 1 : Math.Min(steps, expected.Length - got.Count)];
            loop.Run([row], [got[^1]], next);
            got.AddRange(next);
            Assert.Equal(247 + got.Count - 1, state.Length);
        }
        Assert.Equal(expected, got);
    });

    [Theory, MemberData(nameof(Devices))]
    public void Steps_that_nobody_wanted_leave_no_trace(TestDevice device, int steps) => WithModel(device, model =>
    {
        int[] expected = OneByOne(model, 20, 13);
        using LlamaState state = model.CreateState();
        using DecodeRow row = Row(model, state);
        using var loop = new DecodeLoop(model, steps);
        int id = Prefill(model, state, 20);
        for (int i = 0; i < expected.Length - 1; i++)
        {
            Assert.Equal(expected[i], id);
            int[] next = new int[steps];
            loop.Run([row], [id], next);
            id = next[0];
            state.Truncate(20 + i + 1);
        }
        Assert.Equal(expected[^1], id);
    });

    /// <summary>The second draws, where the device does, and its cache grows on the way.</summary>
    [Theory, MemberData(nameof(Devices))]
    public void Conversations_that_step_together_choose_what_each_chooses_alone(TestDevice device, int steps) => WithModel(device, model =>
    {
        int vocabulary = model.Config.Language.Vocabulary;
        int[] prompts = [20, 247, 5];
        var options = new SamplingOptions { Temperature = 1, TopK = 8, RepetitionPenalty = 1.3f, Seed = 4 };
        bool draws = DeviceSampler.Serves(options, model.Device);
        Sampler? Sampler(int conversation) => conversation == 1 && draws ? new Sampler(options, vocabulary, vocabulary) : null;
        int[][] expected = [.. prompts.Select((length, i) => OneByOne(model, length, 16, Sampler(i), []))];
        LlamaState[] states = [.. prompts.Select(_ => model.CreateState())];
        DecodeRow[] rows = [.. states.Select(state => Row(model, state))];
        using var loop = new DecodeLoop(model, steps);
        List<int>[] got = [.. prompts.Select((length, i) => new List<int> { Prefill(model, states[i], length) })];
        if (draws) rows[1].Begin(options, [got[1][0]]);
        for (int round = 0; round < 15 / steps; round++)
        {
            int[] next = new int[steps * prompts.Length];
            loop.Run(rows, [.. got.Select(ids => ids[^1])], next);
            for (int i = 0; i < next.Length; i++) got[i % prompts.Length].Add(next[i]);
        }
        Assert.Equal<IEnumerable<int>>(expected, got);
        Assert.Equal(prompts.Select(length => length + 15), states.Select(state => state.Length));
        foreach (DecodeRow row in rows) row.Dispose();
        foreach (LlamaState state in states) state.Dispose();
    });

    [Fact]
    public void A_step_is_of_1_to_8_conversations() => WithModel(TestDevice.Cpu, model =>
    {
        LlamaState[] nine = [.. Enumerable.Range(0, 9).Select(_ => model.CreateState())];
        using var loop = new DecodeLoop(model);
        Assert.Throws<ArgumentOutOfRangeException>(() => loop.Run([.. nine.Select(state => Row(model, state))], new int[9], new int[9]));
        Assert.Throws<ArgumentOutOfRangeException>(() => loop.Run([], [], []));
        foreach (LlamaState state in nine) state.Dispose();
    });

    /// <summary>Device; temperature, top-k, top-p, min-p, penalty.</summary>
    public static IEnumerable<TheoryDataRow<TestDevice, float, int, float, float, float>> Samplings
        => from device in new[] { TestDevice.Cpu, TestDevice.OpenCl, TestDevice.OpenClPortable, TestDevice.Cuda }
           from row in new[] { (0.9f, 20, 0.95f, 0f, 1.2f), (2f, 64, 1f, 0.02f, 1f), (0f, 0, 1f, 0f, 1.5f) }
           select new TheoryDataRow<TestDevice, float, int, float, float,
               float>(device, row.Item1, row.Item2, row.Item3, row.Item4, row.Item5);

    /// <summary>Two answers, so that the second begins anew while the recorded steps stay.</summary>
    [Theory, MemberData(nameof(Samplings))]
    public void Tokens_drawn_on_the_device_are_those_of_the_sampler(TestDevice device, float temperature, int k, float p, float minP,
        float penalty) => WithModel(device, model =>
    {
        int vocabulary = model.Config.Language.Vocabulary, candidates = vocabulary - 3;
        int[] history = [-1, vocabulary, .. Enumerable.Range(0, vocabulary / 2).Select(i => i * 7 % vocabulary)];
        using LlamaState state = model.CreateState();
        using var row = new DecodeRow(model, state, candidates);
        using var loop = new DecodeLoop(model, 3);
        foreach (ulong seed in new ulong[] { 7, ulong.MaxValue })
        {
            var options = new SamplingOptions
            {
                Temperature = temperature,
                TopK = k,
                TopP = p,
                MinP = minP,
                RepetitionPenalty = penalty,
                Seed = seed
            };
            int[] expected = OneByOne(model, 20, 22, new Sampler(options, vocabulary, candidates), history);
            state.Truncate(0);
            int first = Prefill(model, state, 20);
            List<int> got = [first], ids = [.. history, first];
            row.Begin(options, ids);
            while (got.Count < expected.Length)
            {
                int[] next = new int[row.IsOnHost ? 1 : 3];
                loop.Run([row], [got[^1]], next);
                got.AddRange(next);
                ids.AddRange(next);
            }
            Assert.Equal(expected, got);
        }
    });

    [Fact]
    public void A_GPU_draws_among_few_and_the_host_among_all()
    {
        ComputeDevice processor = TestDevices.Get(TestDevice.OpenCl), portable = TestDevices.Get(TestDevice.OpenClPortable);
        Assert.True(DeviceSampler.Serves(new SamplingOptions { Temperature = 1, TopK = 64 }, portable));
        Assert.True(DeviceSampler.Serves(new SamplingOptions { RepetitionPenalty = 2 }, portable));
        Assert.False(DeviceSampler.Serves(new SamplingOptions { Temperature = 1, TopK = 65 }, portable));
        Assert.False(DeviceSampler.Serves(new SamplingOptions { Temperature = 1 }, portable));
        Assert.False(DeviceSampler.Serves(new SamplingOptions { Temperature = 1, TopK = 64 }, processor));
    }

    [Fact]
    public void A_full_context_is_refused_before_anything_changes() => WithModel(TestDevice.Cpu, model =>
    {
        using LlamaState state = model.CreateState();
        using DecodeRow row = Row(model, state);
        using var loop = new DecodeLoop(model, 4);
        Prefill(model, state, model.Config.Language.Context - 3);
        Assert.Throws<BadInputException>(() => loop.Run([row], [5], new int[4]));
        Assert.Equal(model.Config.Language.Context - 3, state.Length);
        loop.Run([row], [5], new int[3]);
        Assert.Equal(model.Config.Language.Context, state.Length);
    });

    [Fact]
    public void Recording_is_what_accelerators_do()
    {
        using ComputeQueue queue = TestDevices.Get(TestDevice.OpenCl).CreateQueue();
        Matrix one = queue.Device.AllocateMatrix(1, 3), two = queue.Device.AllocateMatrix(1, 3);
        queue.Write([1, 2, 3], one);
        queue.Write([0, 0, 0], two);
        using RecordedWork work = queue.Record(() => CopyRows.Run(queue, one, two))!;
        Assert.Equal([0, 0, 0], queue.Read(two)); // recorded, not done
        queue.Write([4, 5, 6], one);
        work.Replay();
        Assert.Equal([4, 5, 6], queue.Read(two));
        Assert.True(work.IsCurrent);
        one.Buffer.Dispose();
        two.Buffer.Dispose();
        using ComputeQueue processor = TestDevices.Get(TestDevice.Cpu).CreateQueue();
        Assert.Null(processor.Record(() => { }));
    }

    private static DecodeRow Row(VideoLlava model, LlamaState state) => new(model, state, model.Config.Language.Vocabulary);

    /// <summary>Another conversation with a longer piece of prompt: the scratch that all share moves.</summary>
    private static void Disturb(VideoLlava model)
    {
        using LlamaState other = model.CreateState();
        Prefill(model, other, 777);
    }

    private static int[] OneByOne(VideoLlava model, int prompt, int count, Sampler? sampler = null, int[]? history = null)
    {
        using LlamaState state = model.CreateState();
        List<int> ids = [Prefill(model, state, prompt)];
        IntVector next = model.Device.AllocateInts(1);
        Matrix logits = model.Device.AllocateMatrix(1, model.Config.Language.Vocabulary);
        while (ids.Count < count)
        {
            model.LanguageQueue.Write([ids[^1]], next);
            model.Decode([state], next, logits);
            float[] row = model.LanguageQueue.Read(logits);
            ids.Add(sampler?.Next(row, [.. history!, .. ids]) ?? Likeliest(row));
        }
        logits.Buffer.Dispose();
        next.Buffer.Dispose();
        return [.. ids];
    }

    private static int Prefill(VideoLlava model, LlamaState state, int length)
    {
        var random = new Random(length);
        Matrix logits = model.Device.AllocateMatrix(1, model.Config.Language.Vocabulary);
        int[] ids = [.. Enumerable.Range(0, length).Select(_ => random.Next(3, 500))];
        model.Prefill(MergedPrompt.FromMarkers(ids, [], model.Config.Language.Vocabulary), state, logits);
        int best = Likeliest(model.LanguageQueue.Read(logits));
        logits.Buffer.Dispose();
        return best;
    }

    private static int Likeliest(float[] logits) => Array.IndexOf(logits, logits.Max());

    private static void WithModel(TestDevice device, Action<VideoLlava> test)
    {
        VideoLlava model = Models.Get(Golden.Path("original-tiny/checkpoint"), device);
        lock (model) test(model);
    }
}
