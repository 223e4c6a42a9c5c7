using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Tests.Benchmarks;

/// <summary>What every kernel's benchmark needs: the CPU device with one thread for each core, and operands of random numbers.</summary>
[MemoryDiagnoser]
public abstract class KernelBenchmark
{
    private readonly CpuDevice device = new();
    private readonly Random random = new(1);
    private readonly List<DeviceBuffer> buffers = [];
    private readonly RandomMemory host = new();
    private ComputeQueue? queue;

    internal ComputeQueue Queue => queue ??= device.CreateQueue();

    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (DeviceBuffer buffer in buffers) buffer.Dispose();
        buffers.Clear();
        host.Dispose();
    }

    internal Matrix Random(int rows, int columns)
    {
        Matrix matrix = device.AllocateMatrix(rows, columns);
        buffers.Add(matrix.Buffer);
        Queue.Write([.. Enumerable.Range(0, rows * columns).Select(_ => random.NextSingle() - 0.5f)], matrix);
        return matrix;
    }

    /// <summary>Memory that the benchmark fills.</summary>
    internal Matrix Empty(int rows, int columns, StorageType type)
    {
        Matrix matrix = device.AllocateMatrix(rows, columns, type);
        buffers.Add(matrix.Buffer);
        return matrix;
    }

    /// <summary>Rows of a cache of bytes.</summary>
    internal HeadRows Bytes(int rows, int heads, int headSize)
    {
        Matrix levels = Empty(rows, heads * headSize, StorageType.I8);
        var bytes = new byte[rows * heads * headSize];
        random.NextBytes(bytes);
        Queue.Write(bytes, levels.Buffer);
        return new HeadRows(levels, Random(rows, heads));
    }

    internal Weight Empty(StorageType type, int rows, int columns)
    {
        Weight weight = device.AllocateWeight("empty", type, rows, columns);
        buffers.Add(weight.Buffer);
        return weight;
    }

    internal Weight Weight(StorageType type, int rows, int columns)
    {
        Weight weight = device.LoadWeight("random", type, columns, new HostRows(host.Allocate(type, (long)rows * columns), rows));
        buffers.Add(weight.Buffer);
        return weight;
    }

    internal RgbFrames Frames(int count, int height, int width)
    {
        var bytes = new byte[count * height * width * 3];
        random.NextBytes(bytes);
        DeviceBuffer buffer = device.Allocate(StorageType.U8, bytes.Length);
        buffers.Add(buffer);
        Queue.Write(bytes, buffer);
        return new RgbFrames(buffer, count, height, width);
    }

    internal Matrix Numbers(params float[] values)
    {
        Matrix matrix = device.AllocateMatrix(1, values.Length);
        buffers.Add(matrix.Buffer);
        Queue.Write(values, matrix);
        return matrix;
    }

    internal IntVector Ints(params int[] values)
    {
        IntVector vector = device.AllocateInts(values.Length);
        buffers.Add(vector.Buffer);
        Queue.Write(values, vector);
        return vector;
    }
}
