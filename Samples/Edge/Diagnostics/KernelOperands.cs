using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>Operands of timed kernels, full of small random numbers; disposed together.</summary>
/// <param name="rotated">Bytes of weights that take turns, so that none is found in a cache.</param>
internal sealed class KernelOperands(ComputeDevice device, ComputeQueue queue, long rotated) : IDisposable
{
    private const int MostTurns = 64;

    private readonly List<IDisposable> owned = [];
    private readonly RandomMemory host = new();

    public ComputeQueue Queue { get; } = queue;

    /// <summary>Of the weights, each shape once.</summary>
    public long WeightBytes { get; private set; }

    /// <summary>F32 or F16.</summary>
    public StorageType Activation => device.ActivationType;

    public Matrix Matrix(int rows, int columns, StorageType type = StorageType.F32)
    {
        Matrix matrix = device.AllocateMatrix(rows, columns, type);
        owned.Add(matrix.Buffer);
        // A row at a time: the numbers hardly matter, NaN and zeros might.
        var row = new float[columns];
        for (int i = 0; i < columns; i++) row[i] = i % 17 / 17f - 0.4f;
        for (int r = 0; r < Math.Min(rows, 4); r++) Queue.Write(row, matrix.RowRange(r, 1));
        for (int filled = 4; filled < rows; filled *= 2)
        {
            int count = Math.Min(filled, rows - filled);
            CopyRows.Run(Queue, matrix.RowRange(0, count), matrix.RowRange(filled, count));
        }
        return matrix;
    }

    public Matrix Activations(int rows, int columns) => Matrix(rows, columns, Activation);

    /// <summary>Rows of a cache of bytes.</summary>
    public HeadRows Bytes(int rows, int heads, int headSize)
    {
        var cache = HeadRows.Allocate(device, rows, heads, headSize, StorageType.I8);
        owned.AddRange([cache.Numbers.Buffer, cache.Scales!.Value.Buffer]);
        Queue.Write([.. Enumerable.Range(0, rows * heads * headSize).Select(i => (byte)i)], cache.Numbers.Buffer);
        Queue.Write([.. Enumerable.Repeat(0.01f, rows * heads)], cache.Scales.Value);
        return cache;
    }

    public IntVector Ints(IEnumerable<int> values)
    {
        int[] numbers = [.. values];
        IntVector vector = device.AllocateInts(numbers.Length);
        owned.Add(vector.Buffer);
        Queue.Write(numbers, vector);
        return vector;
    }

    /// <summary>How many operands of so many bytes have to take turns.</summary>
    public int Turns(long bytes) => (int)Math.Clamp((rotated + bytes - 1) / Math.Max(1, bytes), 1, MostTurns);

    /// <summary>Weights of one shape, together at least the bytes that shall take turns.</summary>
    public Weight[] Weights(StorageType type, int rows, int columns)
    {
        long bytes = type.Bytes((long)rows * columns);
        nint address = host.Allocate(type, (long)rows * columns);
        WeightBytes += bytes;
        var weights = new Weight[Turns(bytes)];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = device.LoadWeight($"{type} {rows} x {columns}", type, columns, new HostRows(address, rows));
            owned.Add(weights[i]);
        }
        return weights;
    }

    public void Dispose()
    {
        try
        {
            Queue.Wait();
        }
        finally
        {
            foreach (IDisposable part in owned) part.Dispose();
            host.Dispose();
        }
    }
}
