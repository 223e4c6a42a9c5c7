using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Language;

/// <summary>The same logits whichever way a prompt goes through the model: at once, in pieces, id by id, alone or beside others.</summary>
public sealed class LlamaTests(ITestOutputHelper output)
{
    private const double Tolerance = 1e-4; // the reference's own cached and uncached logits differ by 2.5e-5

    public static IEnumerable<TheoryDataRow<string, TestDevice>> Models
        => from folder in new[] { "original-tiny", "hf-tiny" }
           from device in TestDevices.ForModels
           select new TheoryDataRow<string, TestDevice>(folder, device);

    [Theory, MemberData(nameof(Models))]
    public void Prefill_in_pieces_equals_prefill_at_once(string folder, TestDevice device) => WithModel(folder, device, model =>
    {
        int[] ids = Ids(model, 40, seed: 1);
        float[] expected = Prefill(model, ids, 40);
        foreach (int[] pieces in new int[][] { [1, 39], [13, 14, 13], [39, 1], [20, 3, 17] })
        {
            using LlamaState state = model.CreateState();
            var got = new List<float>();
            for (int done = 0, i = 0; i < pieces.Length; done += pieces[i++])
                got.AddRange(Prefill(model, ids[..(done + pieces[i])], pieces[i], state));
            Equal(string.Join('+', pieces), expected, [.. got]);
        }
    });

    [Theory, MemberData(nameof(Models))]
    public void Decoding_with_the_cache_equals_the_whole_prompt_each_time(string folder, TestDevice device)
        => WithModel(folder, device, model =>
    {
        int[] ids = Ids(model, 24, seed: 2);
        using LlamaState state = model.CreateState();
        Prefill(model, ids[..9], 1, state);
        for (int length = 10; length <= ids.Length; length++)
            Equal($"position {length - 1}", Prefill(model, ids[..length], 1), Decode(model, [state], [ids[length - 1]]));
    });

    [Theory, MemberData(nameof(Models))]
    public void A_step_of_several_conversations_equals_each_alone(string folder, TestDevice device) => WithModel(folder, device, model =>
    {
        int[] lengths = [1, 31, 7, 2, 64, 33, 12, 5];
        int[][] prompts = [.. lengths.Select((length, i) => Ids(model, length, seed: 10 + i))];
        LlamaState[] states = [.. prompts.Select(_ => model.CreateState())];
        for (int i = 0; i < states.Length; i++) Prefill(model, prompts[i], 1, states[i]);
        int[] next = Ids(model, states.Length, seed: 3);
        float[] together = Decode(model, states, next);
        int vocabulary = model.Config.Language.Vocabulary;
        for (int i = 0; i < states.Length; i++)
        {
            using LlamaState alone = model.CreateState();
            Prefill(model, prompts[i], 1, alone);
            Equal($"conversation {i}", Decode(model, [alone], [next[i]]), together[(i * vocabulary)..((i + 1) * vocabulary)]);
            states[i].Dispose();
        }
    });

    [Theory, MemberData(nameof(Models))]
    public void Another_question_after_the_same_prefix_is_a_fresh_conversation(string folder, TestDevice device)
        => WithModel(folder, device, model =>
    {
        int[] prefix = Ids(model, 20, seed: 4), first = [.. prefix, .. Ids(model, 9, seed: 5)],
            second = [.. prefix, .. Ids(model, 6, seed: 6)];
        using LlamaState state = model.CreateState();
        Prefill(model, first, 1, state);
        state.Truncate(prefix.Length);
        Equal("second question", Prefill(model, second, 1), Prefill(model, second, 1, state));
    });

    [Fact]
    public void A_decode_step_allocates_nothing() => WithModel("original-tiny", TestDevice.Cpu, model =>
    {
        LlamaState[] states = [model.CreateState(), model.CreateState()];
        for (int i = 0; i < states.Length; i++) Prefill(model, Ids(model, 5 + i, seed: 7), 1, states[i]);
        IntVector ids = model.Device.AllocateInts(2);
        model.LanguageQueue.Write([4, 5], ids);
        Matrix logits = model.Device.AllocateMatrix(2, model.Config.Language.Vocabulary);
        void Steps(int count)
        {
            for (int i = 0; i < count; i++) model.Decode(states, ids, logits);
        }
        Steps(30);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Steps(50);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        logits.Buffer.Dispose();
        ids.Buffer.Dispose();
        foreach (LlamaState state in states) state.Dispose();
    });

    private static void WithModel(string folder, TestDevice device, Action<VideoLlava> test)
    {
        VideoLlava model = Support.Models.Get(Golden.Path($"{folder}/checkpoint"), device);
        lock (model) test(model);
    }

    private static int[] Ids(VideoLlava model, int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(3, Math.Min(500, model.Config.Language.Vocabulary)))];
    }

    /// <summary>Logits of the last rows of a prompt; the state holds the positions before, if one is given.</summary>
    private static float[] Prefill(VideoLlava model, int[] ids, int rows, LlamaState? state = null)
    {
        using LlamaState? fresh = state == null ? model.CreateState() : null;
        Matrix logits = model.Device.AllocateMatrix(rows, model.Config.Language.Vocabulary);
        model.Prefill(MergedPrompt.FromMarkers(ids, [], model.Config.Language.Vocabulary), state ?? fresh!, logits);
        float[] values = model.LanguageQueue.Read(logits);
        logits.Buffer.Dispose();
        return values;
    }

    private static float[] Decode(VideoLlava model, LlamaState[] states, int[] ids)
    {
        IntVector device = model.Device.AllocateInts(ids.Length);
        model.LanguageQueue.Write(ids, device);
        Matrix logits = model.Device.AllocateMatrix(ids.Length, model.Config.Language.Vocabulary);
        model.Decode(states, device, logits);
        float[] values = model.LanguageQueue.Read(logits);
        logits.Buffer.Dispose();
        device.Buffer.Dispose();
        return values;
    }

    private void Equal(string what, float[] expected, float[] got)
    {
        Assert.Equal(expected.Length, got.Length);
        double worst = expected.Zip(got, (a, b) => Math.Abs((double)a - b))
            .Select(error => double.IsNaN(error) ? double.PositiveInfinity : error).Max();
        Assert.True(worst <= Tolerance, $"{what}: logits differ by {worst:G3}");
        output.WriteLine($"{what}: {worst / Tolerance:P0} of the tolerance used");
    }
}
