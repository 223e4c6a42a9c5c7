using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Embedding;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Embedding;

/// <summary>The 8 frames of a clip in ViT-L/14.</summary>
public class PatchEmbeddingBenchmarks : KernelBenchmark
{
    private Weight weight = null!;
    private Matrix pixels, classes, position, y;

    [GlobalSetup]
    public void Setup()
    {
        pixels = Random(8 * 3 * 224, 224);
        weight = Weight(StorageType.F16, 1024, 588);
        classes = Random(1, 1024);
        position = Random(257, 1024);
        y = Random(8 * 257, 1024);
    }

    [Benchmark]
    public void Run() => PatchEmbedding.Run(Queue, pixels, weight, classes, position, 14, y);
}
