using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Tests.Benchmarks.Runtime.Vision;

/// <summary>One clip of noise through the video tower and the projector at their real size, random F16 weights.</summary>
[MemoryDiagnoser]
public class VisionTowerBenchmarks
{
    private readonly VideoLlava model = VideoLlava.Synthetic(SyntheticCheckpoint.Video7B(languageLayers: 1), StorageType.F16,
        new CpuDevice());
    private readonly PixelValues clip = Noise();

    [Benchmark]
    public void Encode()
    {
        using VisionTokens tokens = model.Encode(clip);
        model.VisionQueue.Wait();
    }

    private static PixelValues Noise()
    {
        var random = new Random(1);
        return new PixelValues([.. Enumerable.Range(0, 8 * 3 * 224 * 224).Select(_ => random.NextSingle() - 0.5f)], 8, 224, IsClip: true);
    }
}
