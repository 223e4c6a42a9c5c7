using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime;

/// <summary>A whole forward pass and two decode steps through the CUDA text of every kernel that they launch, against the
/// processor.</summary>
[Trait("Category", "long")]
public sealed class CudaTextModelTests(ITestOutputHelper output)
{
    /// <summary>Device, weights of the linears, KV cache, largest difference of a logit: of float32 that of OriginalTinyTests, of bytes
    /// what a level at a border makes, of fp16 the references' own half precision.</summary>
    public static TheoryData<TestDevice, StorageType?, StorageType?, double> Passes => new()
    {
        { TestDevice.CudaText, null, null, 1e-4 },
        { TestDevice.CudaText, StorageType.Q4_0, null, 5e-4 },
        { TestDevice.CudaText, null, StorageType.I8, 0.05 },
        { TestDevice.CudaTextHalf, null, null, 0.4 },
        { TestDevice.CudaTextHalf, StorageType.Q4_0, null, 0.4 },
        { TestDevice.CudaTextHalf, null, StorageType.I8, 0.4 },
        { TestDevice.CudaTextPortableHalf, StorageType.Q4_0, StorageType.I8, 0.4 },
    };

    [Theory, MemberData(nameof(Passes))]
    public void A_pass_and_two_steps_give_the_processor_s_logits(
        TestDevice device, StorageType? weights, StorageType? cache, double allowed)
    {
        var options = new LoadOptions(LanguageWeights: weights, KvCache: cache);
        (long launches, long instructions) = CudaTextKernel.Total;
        float[][] expected = Pass(TestDevices.Get(TestDevice.Cpu), options), got = Pass(TestDevices.Get(device), options);
        for (int step = 0; step < expected.Length; step++)
        {
            double largest = TinyModel.Distance(expected[step], got[step]);
            string range = $"{expected[step].Min():0.0} to {expected[step].Max():0.0}";
            output.WriteLine($"step {step}: logits of {range} off by at most {largest:G3}");
            Assert.True(largest <= allowed, $"step {step}: a logit is off by {largest}");
        }
        (long launchesThen, long instructionsThen) = CudaTextKernel.Total;
        output.WriteLine($"{launchesThen - launches} launches, {instructionsThen - instructions} instructions");
    }

    /// <summary>The logits of a prompt with a clip and a picture, and of two ids after it.</summary>
    private static float[][] Pass(ComputeDevice device, LoadOptions options)
    {
        using var tiny = new TinyModel(Golden.Path("original-tiny/checkpoint"), device, options);
        using LlamaState state = tiny.Model.CreateState();
        MergedPrompt prompt = tiny.Prompt(TinyModel.Ids("video_one_turn"), tiny.See("video_a"));
        return [tiny.Last(prompt, state), tiny.Step([state], [17])[0], tiny.Step([state], [42])[0]];
    }
}
