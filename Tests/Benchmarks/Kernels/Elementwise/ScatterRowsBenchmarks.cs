using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Elementwise;

/// <summary>Keys of 512 rows into the cache of the 7B model.</summary>
public class ScatterRowsBenchmarks : KernelBenchmark
{
    private Matrix x, y;
    private IntVector positions;

    [GlobalSetup]
    public void Setup()
    {
        x = Random(512, 4096);
        y = Random(2048, 4096);
        positions = Ints([.. Enumerable.Range(700, 512)]);
    }

    [Benchmark]
    public void Run() => ScatterRows.Run(Queue, x, positions, y);
}
