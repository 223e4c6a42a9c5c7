using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.MatMul;

/// <summary>Decode (1 and 8 rows), a prompt of 512 and a clip's 2056 rows; weight of the 7B model's feed-forward
/// layer or of ViT-L/14.</summary>
public class LinearBenchmarks : KernelBenchmark
{
    private Weight weight = null!;
    private Matrix x, y;

    [Params(StorageType.F32, StorageType.F16, StorageType.BF16)]
    public StorageType Type { get; set; }

    [Params(1, 8, 512, 2056)]
    public int Rows { get; set; }

    private int Columns => Rows == 2056 ? 1024 : 4096;

    private int Outputs => Rows == 2056 ? 4096 : 11008;

    [GlobalSetup]
    public void Setup()
    {
        weight = Weight(Type, Outputs, Columns);
        x = Random(Rows, Columns);
        y = Random(Rows, Outputs);
    }

    [Benchmark]
    public void Run() => Linear.Run(Queue, weight, x, y);
}
