using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Sampling;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Sampling;

/// <summary>The logits of the 7B model, every tenth token in the history.</summary>
public class RepetitionPenaltyBenchmarks : KernelBenchmark
{
    private Matrix logits, settings;
    private IntVector marks;

    [GlobalSetup]
    public void Setup()
    {
        logits = Random(1, 32000);
        settings = Numbers(1, 0, 0, 0);
        marks = Ints([.. Enumerable.Range(0, 32000).Select(v => v % 10 == 0 ? 1 : 0)]);
    }

    [Benchmark]
    public void Run() => RepetitionPenalty.Run(Queue, logits, marks, settings);
}
