using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Attention;

/// <summary>ViT-L/14: the 8 frames of a clip, each for itself and position by position over the frames.</summary>
public class FullAttentionBenchmarks : KernelBenchmark
{
    private Matrix qkv, y;

    [Params(false, true)]
    public bool Temporal { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        qkv = Random(2056, 3072);
        y = Random(2056, 1024);
    }

    [Benchmark]
    public void Run()
        => FullAttention.Run(Queue, qkv, Temporal ? SequenceLayout.Temporal(1, 8, 257) : SequenceLayout.Spatial(8, 257), 16, y);
}
