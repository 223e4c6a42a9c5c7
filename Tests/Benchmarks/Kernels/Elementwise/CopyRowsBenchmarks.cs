using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Elementwise;

/// <summary>A clip's rows into a prompt of the 7B model.</summary>
public class CopyRowsBenchmarks : KernelBenchmark
{
    private Matrix x, y;

    [GlobalSetup]
    public void Setup()
    {
        x = Random(2056, 4096);
        y = Random(2056, 4096);
    }

    [Benchmark]
    public void Run() => CopyRows.Run(Queue, x, y);
}
