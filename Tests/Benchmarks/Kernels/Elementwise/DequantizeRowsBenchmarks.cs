using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Elementwise;

/// <summary>A projection of the 7B model to float32: 64 MiB written.</summary>
public class DequantizeRowsBenchmarks : KernelBenchmark
{
    private Matrix y;
    private Weight weight = null!;

    [Params(StorageType.Q8_0, StorageType.Q4_0)]
    public StorageType Type { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        y = Random(4096, 4096);
        weight = Empty(Type, 4096, 4096);
        QuantizeRows.Run(Queue, y, weight, Ints(0));
    }

    [Benchmark]
    public void Run() => DequantizeRows.Run(Queue, weight, 0, y);
}
