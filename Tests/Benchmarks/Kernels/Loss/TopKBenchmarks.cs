using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Loss;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Loss;

/// <summary>The best 40 of 8 rows of logits of the 7B model.</summary>
public class TopKBenchmarks : KernelBenchmark
{
    private Matrix logits, values;
    private IntVector ids;

    [GlobalSetup]
    public void Setup()
    {
        logits = Random(8, 32000);
        values = Random(8, 40);
        ids = Ints(new int[8 * 40]);
    }

    [Benchmark]
    public void Run() => TopK.Run(Queue, logits, 32000, ids, values);
}
