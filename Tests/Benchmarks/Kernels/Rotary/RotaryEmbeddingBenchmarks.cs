using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Rotary;

/// <summary>Queries and keys of a prompt of 512 rows of the 7B model.</summary>
public class RotaryEmbeddingBenchmarks : KernelBenchmark
{
    private Matrix x, cos, sin, y;
    private IntVector positions;

    [GlobalSetup]
    public void Setup()
    {
        x = Random(512, 8192);
        y = Random(512, 8192);
        cos = Random(4096, 64);
        sin = Random(4096, 64);
        positions = Ints([.. Enumerable.Range(0, 512)]);
    }

    [Benchmark]
    public void Run() => RotaryEmbedding.Run(Queue, x, cos, sin, positions, y);
}
