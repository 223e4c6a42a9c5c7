using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Loss;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Loss;

/// <summary>512 rows of logits of the 7B model.</summary>
public class CrossEntropyBenchmarks : KernelBenchmark
{
    private Matrix logits, losses;
    private IntVector labels;

    [GlobalSetup]
    public void Setup()
    {
        logits = Random(512, 32000);
        losses = Random(512, 1);
        labels = Ints([.. Enumerable.Range(0, 512)]);
    }

    [Benchmark]
    public void Run() => CrossEntropy.Run(Queue, logits, labels, losses);
}
