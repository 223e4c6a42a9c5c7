using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Language;

/// <summary>Whole models with KV caches of bytes: what they lose, and what they take.</summary>
public sealed class ByteCacheTests(ITestOutputHelper output)
{
    private static readonly LoadOptions Bytes = new(KvCache: StorageType.I8);

    public static TheoryData<TestDevice> Answering
        => [TestDevice.Cpu, TestDevice.OpenCl, TestDevice.OpenClPortableHalf, TestDevice.CudaHalf];

    [Theory, DeviceRows(nameof(Answering))]
    public void The_small_trained_model_keeps_its_answers(TestDevice device)
        => ShapesAnswers.AssertKept(TestDevices.Get(device), Bytes, output, all: false);

    [Theory, DeviceRows(nameof(Answering)), Trait("Category", "long")]
    public void The_small_trained_model_keeps_all_its_answers(TestDevice device)
        => ShapesAnswers.AssertKept(TestDevices.Get(device), Bytes, output);

    [Theory, InlineData(1), InlineData(7), InlineData(100)]
    public void A_prompt_in_pieces_gives_the_logits_of_the_whole_also_where_the_cache_grows(int piece)
    {
        using var tiny = new TinyModel(Golden.Path("original-tiny/checkpoint"), Bytes);
        MergedPrompt whole = tiny.Prompt(tiny.Text(300));
        float[] expected = tiny.Fresh(whole);
        using LlamaState state = tiny.Model.CreateState();
        for (int end = piece; end < whole.Length + piece; end += piece)
        {
            MergedPrompt part = tiny.Prompt(tiny.Text(300));
            part.Truncate(end);
            float[] logits = tiny.Last(part, state);
            if (end >= whole.Length) Compare(expected, logits, 0.005);
        }
    }

    /// <summary>A level is 1/254 of a head's largest number at most off, half precision 1/2048 of each: more than
    /// fp16 loses, far less than a word's lead.</summary>
    [Fact]
    public void Logits_lose_little()
    {
        using TinyModel exact = TinyModel.Original();
        using var bytes = new TinyModel(Golden.Path("original-tiny/checkpoint"), Bytes);
        double error = Compare(exact.Fresh(exact.Prompt(exact.Text(300))), bytes.Fresh(bytes.Prompt(bytes.Text(300))), 0.05);
        Assert.True(error > 1e-4, "nothing was rounded");
    }

    [Fact]
    public void The_cache_takes_a_byte_a_number_and_a_scale_a_head()
    {
        using var bytes = new TinyModel(Golden.Path("original-tiny/checkpoint"), Bytes);
        LlamaConfig config = bytes.Model.Config.Language;
        long before = bytes.Device.AllocatedBytes;
        LlamaState state = bytes.Model.CreateState();
        Assert.Equal(256 * 2 * config.Layers * (config.KeyColumns + 4L * config.KeyValueHeads), bytes.Device.AllocatedBytes - before);
        state.Dispose();
        Assert.Equal(before, bytes.Device.AllocatedBytes);
    }

    [Fact]
    public void There_are_no_caches_of_other_types()
        => Assert.Contains("not Q4_0", Assert.Throws<ArgumentException>(
            () => VideoLlava.Load(Golden.Path("original-tiny/checkpoint"), TestDevices.Get(TestDevice.Cpu),
                new LoadOptions(KvCache: StorageType.Q4_0))).Message);

    private double Compare(float[] expected, float[] got, double allowed)
    {
        double rms = Math.Sqrt(expected.Zip(got, (a, b) => (double)(a - b) * (a - b)).Average());
        double largest = expected.Zip(got, (a, b) => Math.Abs(a - b)).Max();
        output.WriteLine($"logits of {expected.Min():0.0} to {expected.Max():0.0}: off by at most {largest:G3}, rms {rms:G3}");
        Assert.True(rms <= allowed, $"logits are off by rms {rms}");
        return rms;
    }
}
