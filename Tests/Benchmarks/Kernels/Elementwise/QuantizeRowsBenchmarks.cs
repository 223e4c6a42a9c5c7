using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Elementwise;

/// <summary>A projection of the 7B model to blocks: 64 MiB read.</summary>
public class QuantizeRowsBenchmarks : KernelBenchmark
{
    private Matrix x;
    private Weight weight = null!;
    private IntVector misfits;

    [Params(StorageType.Q8_0, StorageType.Q4_0)]
    public StorageType Type { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        x = Random(4096, 4096);
        weight = Empty(Type, 4096, 4096);
        misfits = Ints(0);
    }

    [Benchmark]
    public void Run() => QuantizeRows.Run(Queue, x, weight, misfits);
}
