using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Norm;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Norm;

/// <summary>The 2056 rows of a clip in ViT-L/14.</summary>
public class LayerNormBenchmarks : KernelBenchmark
{
    private Matrix x, w, b, y;

    [GlobalSetup]
    public void Setup()
    {
        x = Random(2056, 1024);
        w = Random(1, 1024);
        b = Random(1, 1024);
        y = Random(2056, 1024);
    }

    [Benchmark]
    public void Run() => LayerNorm.Run(Queue, x, w, b, 1e-5f, y);
}
