using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Preprocess;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.Preprocess;

/// <summary>A frame of 1280 x 720 to 224 x 224, antialiased: 13 taps each way.</summary>
public class ResampleBytesBenchmarks : KernelBenchmark
{
    private const int Taps = 13;

    private RgbFrames frame;
    private FixedPointAxis columns = null!, rows = null!;
    private Matrix table, y;

    [GlobalSetup]
    public void Setup()
    {
        frame = Frames(1, 720, 1280);
        columns = Axis(280);
        rows = Axis(0);
        table = Random(3, 256);
        y = Random(3 * 224, 224);
    }

    [Benchmark]
    public void Run() => ResampleBytes.Run(Queue, frame, columns, rows, table, y);

    [GlobalCleanup]
    public void Release()
    {
        columns.Dispose();
        rows.Dispose();
        Cleanup();
    }

    private FixedPointAxis Axis(int first)
        => new(Queue, [.. Enumerable.Range(0, 224).Select(i => first + i * 707 / 224)],
            [.. Enumerable.Repeat((1 << 22) / Taps, 224 * Taps)], 22);
}
