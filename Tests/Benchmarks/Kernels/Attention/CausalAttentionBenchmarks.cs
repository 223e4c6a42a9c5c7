using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Attention;

/// <summary>The 7B model: a prompt of 2048 rows, and a decode step after it.</summary>
public class CausalAttentionBenchmarks : KernelBenchmark
{
    private Matrix q, y;
    private HeadRows k, v;
    private IntVector positions;

    [Params(1, 2048)]
    public int Rows { get; set; }

    /// <summary>float32 keys and values, or bytes.</summary>
    [Params(StorageType.F32, StorageType.I8)]
    public StorageType Cache { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        q = Random(Rows, 4096);
        y = Random(Rows, 4096);
        k = Cache == StorageType.I8 ? Bytes(2048, 32, 128) : Random(2048, 4096);
        v = Cache == StorageType.I8 ? Bytes(2048, 32, 128) : Random(2048, 4096);
        positions = Ints([.. Enumerable.Range(2048 - Rows, Rows)]);
    }

    [Benchmark]
    public void Run() => CausalAttention.Run(Queue, q, k, v, positions, 128, y);
}
