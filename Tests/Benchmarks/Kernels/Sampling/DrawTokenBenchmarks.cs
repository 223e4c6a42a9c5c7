using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Kernels.Sampling;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Sampling;

/// <summary>A token of the 7B model among the 40 likeliest: the draw alone.</summary>
public class DrawTokenBenchmarks : KernelBenchmark
{
    private Matrix logits, settings;
    private IntVector best, state, marks, id;

    [GlobalSetup]
    public void Setup()
    {
        logits = Random(1, 32000);
        settings = Numbers(1, 0.8f, 0.95f, 0);
        best = Ints(new int[41]);
        (state, marks, id) = (Ints(1, 2), Ints(new int[32000]), Ints(0));
        TopK.Run(Queue, logits, 32000, best, Random(1, 41));
    }

    [Benchmark]
    public void Run() => DrawToken.Run(Queue, logits, 32000, 40, best, settings, state, marks, id);
}
