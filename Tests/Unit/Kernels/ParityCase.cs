using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using EdgeVideoLlava.Kernels.Sampling;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels;

/// <summary>Operands for one operation on one device: the same random numbers on each, in windows of larger matrices.</summary>
/// <param name="aligned">Windows begin in column 8, rows at multiples of 16 bytes: what kernels of groups want.</param>
/// <param name="halves">Activations hold binary16 numbers: a device that has them stores them so.</param>
internal sealed unsafe class ParityCase(ComputeDevice device, int rows, int columns, StorageType type, bool aligned, bool halves) : IDisposable
{
    /// <summary>Columns of a weight of blocks: a whole one of every type.</summary>
    public const int BlockColumns = 256;

    private readonly Random random = new(1);
    private readonly ComputeQueue queue = device.CreateQueue();
    private readonly List<IDisposable> owned = [];
    private readonly List<nint> hostMemory = [];
    private IntVector ids;

    public int T { get; } = rows;
    public int N { get; } = columns;

    /// <summary>Columns of a weight: no multiple of anything, or whole blocks.</summary>
    public int K { get; } = type.IsBlock() ? BlockColumns : columns + 3;

    /// <summary>A window that begins in row 1, column 2 of a matrix with a row more on each side and a few columns.</summary>
    public Matrix Matrix(int rows, int columns) => Window(rows, columns, StorageType.F32, false);

    /// <summary>As <see cref="Matrix"/>, for what lies between layers.</summary>
    public Matrix Activations(int rows, int columns) => Window(rows, columns, device.ActivationType, halves);

    /// <summary>As <see cref="Matrix"/>, for float32 numbers that the operation rounds to binary16 itself.</summary>
    public Matrix Rounded(int rows, int columns) => Window(rows, columns, StorageType.F32, halves);

    public Matrix Dense(int rows, int columns) => Dense(rows, columns, StorageType.F32, false);

    private Matrix Window(int rows, int columns, StorageType storage, bool rounded) => Within(Dense(rows + 2, Width(columns), storage, rounded), rows, columns);

    private Matrix Within(Matrix whole, int rows, int columns) => whole.RowRange(1, rows).ColumnRange(aligned ? 8 : 2, columns);

    private int Width(int columns) => aligned ? (columns + 7) / 8 * 8 + 16 : columns + 5;

    private Matrix Dense(int rows, int columns, StorageType storage, bool rounded)
    {
        Matrix matrix = device.AllocateMatrix(rows, columns, storage);
        owned.Add(matrix.Buffer);
        float[] numbers = Numbers(rows * columns);
        for (int i = 0; i < numbers.Length && rounded; i++) numbers[i] = (float)(Half)numbers[i];
        queue.Write(numbers, matrix);
        return matrix;
    }

    public Weight Weight(int rows, int columns)
    {
        float[] numbers = Numbers(rows * columns);
        void* memory = NativeMemory.Alloc((nuint)type.Bytes(numbers.Length));
        hostMemory.Add((nint)memory);
        if (type.IsBlock()) Assert.True(Pack.FromFloats(type, numbers, new Span<byte>(memory, (int)type.Bytes(numbers.Length))));
        for (int i = 0; i < numbers.Length && !type.IsBlock(); i++)
        {
            if (type == StorageType.F32) ((float*)memory)[i] = numbers[i];
            else ((ushort*)memory)[i] = type == StorageType.F16 ? BitConverter.HalfToUInt16Bits((Half)numbers[i]) : (ushort)(BitConverter.SingleToUInt32Bits(numbers[i]) >> 16);
        }
        int first = (rows + 1) / 2;
        HostRows[] parts = rows == 1 ? [new((nint)memory, 1)] : [new((nint)memory, first), new((nint)memory + (nint)type.Bytes((long)first * columns), rows - first)];
        Weight weight = device.LoadWeight("weight", type, columns, parts);
        owned.Add(weight);
        Sanitizer.WriteWhole(weight.Buffer);
        return weight;
    }

    public RgbFrames Frames(int count, int height, int width)
    {
        DeviceBuffer buffer = device.Allocate(StorageType.U8, count * height * width * 3);
        owned.Add(buffer);
        var rgb = new byte[buffer.Elements];
        random.NextBytes(rgb);
        queue.Write(rgb, buffer);
        return new RgbFrames(buffer, count, height, width);
    }

    /// <summary>A dense matrix that the operation writes before it reads it.</summary>
    public Matrix Scratch(int rows, int columns, StorageType storage)
    {
        Matrix matrix = device.AllocateMatrix(rows, columns, storage);
        owned.Add(matrix.Buffer);
        return matrix;
    }

    /// <summary>A dense matrix of bfloat16.</summary>
    public Matrix UpperHalves(int rows, int columns)
    {
        Matrix matrix = Scratch(rows, columns, StorageType.BF16);
        queue.Write(MemoryMarshal.AsBytes<ushort>([.. Numbers(rows * columns).Select(number => (ushort)(BitConverter.SingleToUInt32Bits(number) >> 16))]), matrix.Buffer);
        return matrix;
    }

    /// <summary>Rows of a cache of bytes with random levels; scales are powers of two, so that binary16 holds the numbers exactly.</summary>
    public HeadRows Bytes(int rows, int heads, int headSize)
    {
        Matrix levels = Scratch(rows, heads * headSize, StorageType.I8);
        var bytes = new byte[rows * heads * headSize];
        random.NextBytes(bytes);
        queue.Write(bytes, levels.Buffer);
        Matrix scales = Scratch(rows, heads, StorageType.F32);
        queue.Write([.. Enumerable.Range(0, rows * heads).Select(_ => MathF.ScaleB(1, -random.Next(5, 9)))], scales);
        return new HeadRows(levels, scales);
    }


    public Weight Empty(StorageType storage, int rows, int columns) => Own(device.AllocateWeight("weight", storage, rows, columns));

    /// <summary>An axis over places 0..input-1 with random weights.</summary>
    public FixedPointAxis FixedPointAxis(int input, int output)
        => Own(new FixedPointAxis(queue, [.. Enumerable.Range(0, output).Select(i => i * 3 % (input - 2))], [.. Numbers(output * 3).Select(number => (int)(number * 300))], 10));

    /// <summary>An axis over places -1..input with random weights.</summary>
    public PointAxis PointAxis(int input, int output)
        => Own(new PointAxis(queue, [.. Enumerable.Range(0, output * 4).Select(i => i * 3 % (input + 2) - 1)], Numbers(output * 4), 4));

    /// <summary>Of sampling.</summary>
    public Matrix Settings()
    {
        Matrix settings = Scratch(1, SamplingSettings.Count, StorageType.F32);
        queue.Write([1.3f, 0.8f, 0.9f, 0.01f], settings);
        return settings;
    }

    /// <summary>As ResamplePoints takes them, deviations far from 0.</summary>
    public Matrix Colours()
    {
        float[] numbers = Numbers(3 * 259);
        for (int channel = 0; channel < 3; channel++) numbers[channel * 259 + 258] = 8 + channel;
        Matrix colours = device.AllocateMatrix(3, 259);
        owned.Add(colours.Buffer);
        queue.Write(numbers, colours);
        return colours;
    }

    private T Own<T>(T part) where T : IDisposable
    {
        owned.Add(part);
        return part;
    }

    public IntVector Ints(int count, Func<int, int> number)
    {
        IntVector vector = device.AllocateInts(count + 2);
        owned.Add(vector.Buffer);
        queue.Write([-7, .. Enumerable.Range(0, count).Select(number), -7], vector);
        return vector.Range(1, count);
    }

    public IntVector IdResult(int count) => ids = Ints(count, _ => -1);

    /// <summary>Runs on a window of a matrix whose other numbers must stay; returns the whole matrix.</summary>
    public Matrix Run(int rows, int columns, Action<ComputeQueue, Matrix> operation) => Run(rows, columns, StorageType.F32, false, operation);

    /// <summary>As <see cref="Run(int, int, Action{ComputeQueue, Matrix})"/>, with activations as the result.</summary>
    public Matrix RunActivations(int rows, int columns, Action<ComputeQueue, Matrix> operation) => Run(rows, columns, device.ActivationType, halves, operation);

    private Matrix Run(int rows, int columns, StorageType storage, bool rounded, Action<ComputeQueue, Matrix> operation)
    {
        Matrix whole = Dense(rows + 2, Width(columns), storage, rounded);
        operation(queue, Within(whole, rows, columns));
        return whole;
    }

    public (float[] Values, int[] Ids) Read(Matrix matrix)
    {
        var read = new int[ids.Length];
        if (ids.Length > 0) queue.Read(ids, read);
        return (queue.Read(matrix), read);
    }

    public void Dispose()
    {
        queue.Dispose();
        foreach (IDisposable part in owned) part.Dispose();
        foreach (nint memory in hostMemory) NativeMemory.Free((void*)memory);
    }

    private float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(4 * random.NextDouble() - 2))];
}
