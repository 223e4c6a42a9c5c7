using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Elementwise;

/// <summary>A layer's output of 2,048 rows of the 7B model to binary16 and back: 96 MiB moved.</summary>
public class ConvertRowsBenchmarks : KernelBenchmark
{
    private Matrix x, halves;

    [GlobalSetup]
    public void Setup()
    {
        x = Random(2048, 4096);
        halves = Empty(2048, 4096, StorageType.F16);
    }

    [Benchmark]
    public void Run()
    {
        ConvertRows.Run(Queue, x, halves);
        ConvertRows.Run(Queue, halves, x);
    }
}
