using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Preprocess;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Preprocess;

/// <summary>A frame of 1280 x 720 to 224 x 224, bicubic without antialias.</summary>
public class ResamplePointsBenchmarks : KernelBenchmark
{
    private RgbFrames frame;
    private PointAxis columns = null!, rows = null!;
    private Matrix colours, y;

    [GlobalSetup]
    public void Setup()
    {
        frame = Frames(1, 720, 1280);
        columns = Axis(280);
        rows = Axis(0);
        colours = Random(3, 259);
        y = Random(3 * 224, 224);
    }

    [Benchmark]
    public void Run() => ResamplePoints.Run(Queue, frame, columns, rows, colours, y);

    [GlobalCleanup]
    public void Release()
    {
        columns.Dispose();
        rows.Dispose();
        Cleanup();
    }

    private PointAxis Axis(int first)
        => new(Queue, [.. Enumerable.Range(0, 224 * 4).Select(i => first + i / 4 * 716 / 224 + i % 4)],
            [.. Enumerable.Repeat(0.25f, 224 * 4)], 4);
}
