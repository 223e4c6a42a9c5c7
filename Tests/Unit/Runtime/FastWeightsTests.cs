using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Vision;
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

    /// <summary>Encoders whose products are of bytes.</summary>
    [Fact]
    public void It_keeps_them_with_encoders_in_bytes()
    {
        using var device = new CpuDevice { IsExact = false };
        ShapesAnswers.AssertKept(device, new LoadOptions(TowerWeights: StorageType.Q8_0), output);
    }

    /// <summary>Features of a clip and of a picture, both towers at the real model's shapes and all their layers, beside exact ones.</summary>
    [Theory, Trait("Category", "long"), InlineData(true), InlineData(false)]
    public void Encoders_in_bytes_keep_the_features_of_the_real_shapes(bool isClip)
    {
        VideoLlavaConfig config = SyntheticCheckpoint.Video7B(1);
        float[] exact = See(true, null), bytes = See(false, StorageType.Q8_0);
        int size = config.VideoTower.Hidden;
        double[] cosines = [.. Enumerable.Range(0, exact.Length / size)
            .Select(row => Cosine(exact.AsSpan(row * size, size), bytes.AsSpan(row * size, size)))];
        output.WriteLine($"cosine of all {Cosine(exact, bytes):F6}; of each row {cosines.Min():F6} at least, {cosines.Average():F6} on average");
        Assert.InRange(cosines.Min(), 0.9999, 1.0001);

        float[] See(bool isExact, StorageType? towers)
        {
            using var device = new CpuDevice { IsExact = isExact };
            using VideoLlava model = VideoLlava.Synthetic(config, StorageType.F16, device, new LoadOptions(TowerWeights: towers));
            int frames = isClip ? config.ClipFrames : 1;
            var random = new Random(3);
            float[] pixels = [.. Enumerable.Range(0, frames * 3 * 224 * 224).Select(_ => 4 * random.NextSingle() - 2)];
            using VisionFeatures features = model.See(new PixelValues(pixels, frames, 224, isClip));
            return model.VisionQueue.Read(features.Rows);
        }
    }

    private static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double product = 0, first = 0, second = 0;
        for (int i = 0; i < a.Length; i++)
        {
            product += (double)a[i] * b[i];
            first += (double)a[i] * a[i];
            second += (double)b[i] * b[i];
        }
        return product / Math.Sqrt(first * second);
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
