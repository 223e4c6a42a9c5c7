using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Attention;

/// <summary>The 7B model: a prompt of 2048 rows, and a decode step after it.</summary>
public class CausalAttentionBenchmarks : KernelBenchmark
{
    private Matrix q, k, v, y;
    private IntVector positions;

    [Params(1, 2048)]
    public int Rows { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        q = Random(Rows, 4096);
        y = Random(Rows, 4096);
        k = Random(2048, 4096);
        v = Random(2048, 4096);
        positions = Ints([.. Enumerable.Range(2048 - Rows, Rows)]);
    }

    [Benchmark]
    public void Run() => CausalAttention.Run(Queue, q, k, v, positions, 128, y);
}
