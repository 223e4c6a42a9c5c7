using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Norm;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Norm;

/// <summary>A prompt of 512 rows of the 7B model.</summary>
public class RmsNormBenchmarks : KernelBenchmark
{
    private Matrix x, w, y;

    [GlobalSetup]
    public void Setup()
    {
        x = Random(512, 4096);
        w = Random(1, 4096);
        y = Random(512, 4096);
    }

    [Benchmark]
    public void Run() => RmsNorm.Run(Queue, x, w, 1e-5f, y);
}
