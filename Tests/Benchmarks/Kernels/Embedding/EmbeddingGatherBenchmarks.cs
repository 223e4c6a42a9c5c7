using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Embedding;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Embedding;

/// <summary>512 ids of the 7B model.</summary>
public class EmbeddingGatherBenchmarks : KernelBenchmark
{
    private Weight table = null!;
    private Matrix y;
    private IntVector ids;

    [GlobalSetup]
    public void Setup()
    {
        table = Weight(StorageType.F16, 32000, 4096);
        y = Random(512, 4096);
        ids = Ints([.. Enumerable.Range(0, 512).Select(i => i * 61 % 32000)]);
    }

    [Benchmark]
    public void Run() => EmbeddingGather.Run(Queue, table, ids, y);
}
