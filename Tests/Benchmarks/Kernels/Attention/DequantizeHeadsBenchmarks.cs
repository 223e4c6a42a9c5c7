using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Attention;

/// <summary>The keys of 2048 positions of the 7B model.</summary>
public class DequantizeHeadsBenchmarks : KernelBenchmark
{
    private HeadRows x;
    private Matrix y;

    [GlobalSetup]
    public void Setup()
    {
        x = Bytes(2048, 32, 128);
        y = Random(2048, 4096);
    }

    [Benchmark]
    public void Run() => DequantizeHeads.Run(Queue, x, 128, y);
}
