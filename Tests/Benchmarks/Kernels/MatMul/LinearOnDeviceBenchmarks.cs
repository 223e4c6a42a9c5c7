using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Discovery;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Tests.Benchmarks.Kernels.MatMul;

/// <summary>One linear layer as decoding (one row) and prefill (256 rows) call it, until its result is there. Device:
/// EDGE_BENCH_DEVICE, else the processor.</summary>
/// <remarks>One row is bound by reading the weight (stored bytes / time), 256 rows by arithmetic (2 · rows · columns
/// · outputs / time).</remarks>
[InProcess, InvocationCount(4, 1), WarmupCount(2), IterationCount(8)]
public unsafe class LinearOnDeviceBenchmarks
{
    private const int Columns = 4096;

    private ComputeDevice device = null!;
    private ComputeQueue queue = null!;
    private Weight weight = null!;
    private Matrix x, y;
    private void* memory;

    [Params(StorageType.F16, StorageType.Q8_0, StorageType.Q6_K, StorageType.Q5_0, StorageType.Q5_1, StorageType.Q4_0, StorageType.Q4_1,
        StorageType.Q4_K)]
    public StorageType Type { get; set; }

    [ParamsSource(nameof(Shapes))]
    public (int Rows, int Outputs) Shape { get; set; }

    public static IEnumerable<(int Rows, int Outputs)> Shapes => [(1, 4096), (256, 1024)];

    [GlobalSetup]
    public void Open()
    {
        device = ComputeDevices.Open(Environment.GetEnvironmentVariable("EDGE_BENCH_DEVICE") ?? "cpu");
        queue = device.CreateQueue();
        (int rows, int outputs) = Shape;
        var random = new Random(1);
        float[] numbers = [.. Enumerable.Range(0, Columns * Math.Max(outputs, rows)).Select(_ => random.NextSingle() - 0.5f)];
        long bytes = Type.Bytes((long)outputs * Columns);
        memory = NativeMemory.AlignedAlloc((nuint)bytes, 64);
        Pack.FromFloats(Type, numbers.AsSpan(0, outputs * Columns), new Span<byte>(memory, (int)bytes));
        weight = device.LoadWeight("weight", Type, Columns, new HostRows((nint)memory, outputs));
        (x, y) = (device.AllocateMatrix(rows, Columns), device.AllocateMatrix(rows, outputs));
        queue.Write(numbers.AsSpan(0, rows * Columns), x);
        queue.Wait();
    }

    [Benchmark]
    public void Product()
    {
        Linear.Run(queue, weight, x, y);
        queue.Wait();
    }

    [GlobalCleanup]
    public void Close()
    {
        x.Buffer.Dispose();
        y.Buffer.Dispose();
        weight.Dispose();
        queue.Dispose();
        device.Dispose();
        NativeMemory.AlignedFree(memory);
    }
}
