using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Rotary;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Rotary;

/// <summary>Queries, keys and values of a prompt of 512 rows of the 7B model.</summary>
public class RotaryEmbeddingBenchmarks : KernelBenchmark
{
    private Matrix qkv, cos, sin, queries, keys, values;
    private IntVector positions;

    [GlobalSetup]
    public void Setup()
    {
        qkv = Random(512, 3 * 4096);
        queries = Random(512, 4096);
        keys = Random(2048, 4096);
        values = Random(2048, 4096);
        cos = Random(4096, 64);
        sin = Random(4096, 64);
        positions = Ints([.. Enumerable.Range(700, 512)]);
    }

    [Benchmark]
    public void Run() => RotaryEmbedding.Run(Queue, qkv, cos, sin, positions, queries, keys, values);
}
