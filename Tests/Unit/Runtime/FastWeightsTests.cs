using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime;

/// <summary>Whole models on a processor that multiplies whole numbers: what they answer and what they take.</summary>
public sealed class FastWeightsTests(ITestOutputHelper output)
{
    [Theory, InlineData(StorageType.Q8_0), InlineData(StorageType.Q4_K)]
    internal void The_built_in_model_keeps_its_answers(StorageType type)
    {
        using var device = new CpuDevice { IsExact = false };
        ShapesAnswers.AssertKept(device, new LoadOptions(LanguageWeights: type), output, all: false);
    }

    [Theory, Trait("Category", "long"), InlineData(StorageType.Q8_0), InlineData(StorageType.Q6_K), InlineData(StorageType.Q5_0),
        InlineData(StorageType.Q4_K), InlineData(StorageType.Q4_0)]
    internal void It_keeps_them_all(StorageType type)
    {
        using var device = new CpuDevice { IsExact = false };
        ShapesAnswers.AssertKept(device, new LoadOptions(LanguageWeights: type), output);
    }

    /// <summary>Linear layers become panels, also a head that is the embedding; a device that is exact leaves them in the file.</summary>
    [Theory, InlineData("tiny-llama-q4_k_m.gguf"), InlineData("tiny-llama-q4_0.gguf"), InlineData("tiny-llama-q8_0.gguf")]
    internal void The_memory_forecast_is_what_the_processor_holds(string file)
    {
        string path = Golden.Path($"gguf/tiny_llama/{file}");
        foreach (bool exact in new[] { false, true })
        {
            using var device = new CpuDevice(1) { IsExact = exact };
            using VideoLlava model = VideoLlava.Load(path, device);
            using var checkpoint = new Checkpoint(path);
            MemoryNeed need = MemoryNeed.Of(checkpoint, model.Config, new LoadOptions().On(device));
            long positionsOfAStep = CpuDevice.BufferBytes(StorageType.I32, VideoLlava.DecodeRows);
            Assert.Equal(need.Copied + positionsOfAStep, device.AllocatedBytes);
            Assert.Equal(!exact, model.Language.Weights.Blocks[0].Qkv.Buffer is PanelBuffer);
        }
    }
}
