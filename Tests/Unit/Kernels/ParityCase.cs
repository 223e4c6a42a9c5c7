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
internal sealed class ParityCase(ComputeDevice device, int rows, int columns, StorageType type, bool aligned, bool halves) : IDisposable
{
    /// <summary>Columns of a weight of blocks: a whole one of every type.</summary>
    public const int BlockColumns = 256;

    private readonly KernelRig rig = new(device);
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

    /// <summary>A weight whose rows lie in two places on the host.</summary>
    public Weight Weight(int rows, int columns) => rig.Weight(type, Numbers(rows * columns), rows, columns, rows / 2);

    public RgbFrames Frames(int count, int height, int width) => rig.Frames(Bytes(count * height * width * 3), count, height, width);

    /// <summary>A dense matrix that the operation writes before it reads it.</summary>
    public Matrix Scratch(int rows, int columns, StorageType storage)
    {
        Matrix matrix = device.AllocateMatrix(rows, columns, storage);
        rig.Own(matrix.Buffer);
        return matrix;
    }

    /// <summary>A dense matrix of bfloat16.</summary>
    public Matrix UpperHalves(int rows, int columns)
    {
        uint[] bits = Array.ConvertAll(Numbers(rows * columns), BitConverter.SingleToUInt32Bits);
        return rig.Bits([.. bits.Select(number => (ushort)(number >> 16))], rows, columns, StorageType.BF16);
    }

    /// <summary>Rows of a cache of bytes with random levels; scales are powers of two: binary16 holds the numbers exactly.</summary>
    public HeadRows Bytes(int rows, int heads, int headSize) => new(
        rig.Levels([.. Bytes(rows * heads * headSize).Select(level => (sbyte)level)], rows, heads * headSize),
        rig.Dense([.. Enumerable.Range(0, rows * heads).Select(_ => MathF.ScaleB(1, -rig.Random.Next(5, 9)))], rows, heads));

    public Weight Empty(StorageType storage, int rows, int columns) => rig.Empty(storage, rows, columns);

    /// <summary>An axis over places 0..input-1 with random weights.</summary>
    public FixedPointAxis FixedPointAxis(int input, int output)
    {
        int[] weights = [.. Numbers(output * 3).Select(number => (int)(number * 300))];
        return rig.Own(new FixedPointAxis(rig.Queue, [.. Enumerable.Range(0, output).Select(i => i * 3 % (input - 2))], weights, 10));
    }

    /// <summary>An axis over places -1..input with random weights.</summary>
    public PointAxis PointAxis(int input, int output) => rig.Own(new PointAxis(rig.Queue,
        [.. Enumerable.Range(0, output * 4).Select(i => i * 3 % (input + 2) - 1)], Numbers(output * 4), 4));

    /// <summary>Of sampling.</summary>
    public Matrix Settings() => rig.Dense([1.3f, 0.8f, 0.9f, 0.01f], 1, SamplingSettings.Count);

    /// <summary>As ResamplePoints takes them, deviations far from 0.</summary>
    public Matrix Colours()
    {
        float[] numbers = Numbers(3 * 259);
        for (int channel = 0; channel < 3; channel++) numbers[channel * 259 + 258] = 8 + channel;
        return rig.Dense(numbers, 3, 259);
    }

    public IntVector Ints(int count, Func<int, int> number) => rig.Ints([.. Enumerable.Range(0, count).Select(number)]);

    public IntVector IdResult(int count) => ids = Ints(count, _ => -1);

    /// <summary>Runs on a window of a matrix whose other numbers must stay; returns the whole matrix.</summary>
    public Matrix Run(int rows, int columns, Action<ComputeQueue, Matrix> operation)
        => Run(rows, columns, StorageType.F32, false, operation);

    /// <summary>As <see cref="Run(int, int, Action{ComputeQueue, Matrix})"/>, with activations as the result.</summary>
    public Matrix RunActivations(int rows, int columns, Action<ComputeQueue, Matrix> operation)
        => Run(rows, columns, device.ActivationType, halves, operation);

    public (float[] Values, int[] Ids) Read(Matrix matrix) => (rig.Queue.Read(matrix), ids.Length == 0 ? [] : rig.Read(ids));

    public void Dispose() => rig.Dispose();

    private Matrix Run(int rows, int columns, StorageType storage, bool rounded, Action<ComputeQueue, Matrix> operation)
    {
        Matrix whole = Dense(rows + 2, Width(columns), storage, rounded);
        operation(rig.Queue, Within(whole, rows, columns));
        return whole;
    }

    private Matrix Window(int rows, int columns, StorageType storage, bool rounded)
        => Within(Dense(rows + 2, Width(columns), storage, rounded), rows, columns);

    private Matrix Within(Matrix whole, int rows, int columns) => whole.RowRange(1, rows).ColumnRange(aligned ? 8 : 2, columns);

    private int Width(int columns) => aligned ? (columns + 7) / 8 * 8 + 16 : columns + 5;

    private Matrix Dense(int rows, int columns, StorageType storage, bool rounded)
    {
        float[] numbers = Numbers(rows * columns);
        return rig.Dense(rounded ? [.. numbers.Select(number => (float)(Half)number)] : numbers, rows, columns, storage);
    }

    private byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        rig.Random.NextBytes(bytes);
        return bytes;
    }

    private float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(4 * rig.Random.NextDouble() - 2))];
}
