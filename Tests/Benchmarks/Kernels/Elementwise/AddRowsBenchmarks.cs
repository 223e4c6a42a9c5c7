using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Elementwise;

/// <summary>The temporal embedding of a clip in ViT-L/14.</summary>
public class AddRowsBenchmarks : KernelBenchmark
{
    private Matrix x, table, y;

    [GlobalSetup]
    public void Setup()
    {
        x = Random(2056, 1024);
        table = Random(8, 1024);
        y = Random(2056, 1024);
    }

    [Benchmark]
    public void Run() => AddRows.Run(Queue, x, table, 257, y);
}
