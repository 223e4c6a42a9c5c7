using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Language;

/// <summary>One decode step of several conversations of unequal length, and what it costs.</summary>
public sealed class DecodeStepTests : IDisposable
{
    private readonly TinyModel tiny = TinyModel.Original();

    public void Dispose() => tiny.Dispose();

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(5), InlineData(8)]
    public void Conversations_in_one_step_have_the_logits_that_each_has_alone(int count)
    {
        using VisionTokens clip = tiny.See("video_a");
        MergedPrompt[] prompts = [.. Enumerable.Range(0, count)
            .Select(i => i % 3 == 1 ? tiny.Prompt([1, .. Enumerable.Repeat(-200, 8), 300 + i], clip)
            : tiny.Prompt(tiny.Text(3 + 37 * i, seed: i)))];
        LlamaState[] together = [.. prompts.Select(_ => tiny.Model.CreateState())];
        LlamaState[] alone = [.. prompts.Select(_ => tiny.Model.CreateState())];
        for (int i = 0; i < count; i++)
        {
            tiny.Last(prompts[i], together[i]);
            tiny.Last(prompts[i], alone[i]);
        }
        int[] ids = [.. Enumerable.Range(0, count).Select(i => 260 + i)];
        for (int step = 0; step < 4; step++)
        {
            float[][] all = tiny.Step(together, ids);
            for (int i = 0; i < count; i++)
            {
                float[] single = tiny.Step([alone[i]], [ids[i]])[0];
                TinyModel.AssertClose(single, all[i]);
                Assert.Equal(prompts[i].Length + step + 1, together[i].Length);
                ids[i] = TinyModel.Best(single);
            }
        }
        foreach (LlamaState state in together.Concat(alone)) state.Dispose();
    }

    [Fact]
    public void A_conversation_may_leave_and_another_join_between_steps()
    {
        LlamaState[] states = [.. Enumerable.Range(0, 3).Select(_ => tiny.Model.CreateState())];
        for (int i = 0; i < 3; i++) tiny.Last(tiny.Prompt(tiny.Text(5 + i, seed: i)), states[i]);
        tiny.Step([states[0], states[1]], [300, 301]);
        float[][] second = tiny.Step([states[2], states[0]], [302, 303]);
        TinyModel.AssertClose(tiny.Fresh(tiny.Prompt([.. tiny.Text(7, seed: 2), 302])), second[0]);
        TinyModel.AssertClose(tiny.Fresh(tiny.Prompt([.. tiny.Text(5, seed: 0), 300, 303])), second[1]);
        foreach (LlamaState state in states) state.Dispose();
    }

    [Fact]
    public void A_step_takes_1_to_8_different_conversations_with_an_id_each()
    {
        LlamaState[] nine = [.. Enumerable.Range(0, 9).Select(_ => tiny.Model.CreateState())];
        Assert.Throws<ArgumentOutOfRangeException>(() => tiny.Step(nine, new int[9]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tiny.Step([], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => tiny.Step([nine[0]], [300, 301]));
        Assert.Throws<ArgumentException>(() => tiny.Step([nine[0], nine[0]], [300, 301]));
        Assert.All(nine, state => Assert.Equal(0, state.Length));
        foreach (LlamaState state in nine) state.Dispose();
    }

    [Theory, InlineData(1), InlineData(8)]
    public void A_generated_token_allocates_nothing(int count)
    {
        LlamaState[] states = [.. Enumerable.Range(0, count).Select(_ => tiny.Model.CreateState())];
        for (int i = 0; i < count; i++) tiny.Last(tiny.Prompt(tiny.Text(4 + i)), states[i]);
        IntVector ids = tiny.Device.AllocateInts(count);
        Matrix logits = tiny.Device.AllocateMatrix(count, tiny.Vocabulary), scores = tiny.Device.AllocateMatrix(count, 1);
        tiny.Model.LanguageQueue.Write(Enumerable.Repeat(300, count).ToArray(), ids);
        long Steps(int steps)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int step = 0; step < steps; step++)
            {
                tiny.Model.Decode(states, ids, logits);
                TopK.Run(tiny.Model.LanguageQueue, logits, tiny.Vocabulary, ids, scores);
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Steps(60); // warm: code is compiled, scratch has its size
        long device = tiny.Device.AllocatedBytes;
        Assert.Equal(0, Steps(100));
        Assert.Equal(device, tiny.Device.AllocatedBytes); // within one size of the cache, nothing on the device either
        foreach (DeviceBuffer buffer in new[] { ids.Buffer, logits.Buffer, scores.Buffer }) buffer.Dispose();
        foreach (LlamaState state in states) state.Dispose();
    }
}
