using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels;

/// <summary>Operands for one operation on one device: the same random numbers on each, in windows of larger matrices.</summary>
internal sealed unsafe class ParityCase(ComputeDevice device, int rows, int columns, StorageType type) : IDisposable
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

    /// <summary>A window that begins in row 1, column 2 of a matrix with a row more on each side, two columns more on the left and three on the right.</summary>
    public Matrix Matrix(int rows, int columns) => Dense(rows + 2, columns + 5).RowRange(1, rows).ColumnRange(2, columns);

    public Matrix Dense(int rows, int columns)
    {
        Matrix matrix = device.AllocateMatrix(rows, columns);
        owned.Add(matrix.Buffer);
        queue.Write(Numbers(rows * columns), matrix);
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

    public IntVector Ints(int count, Func<int, int> number)
    {
        IntVector vector = device.AllocateInts(count + 2);
        owned.Add(vector.Buffer);
        queue.Write([-7, .. Enumerable.Range(0, count).Select(number), -7], vector);
        return vector.Range(1, count);
    }

    public IntVector IdResult(int count) => ids = Ints(count, _ => -1);

    /// <summary>Runs on a window of a matrix whose other numbers must stay; returns the whole matrix.</summary>
    public Matrix Run(int rows, int columns, Action<ComputeQueue, Matrix> operation)
    {
        Matrix whole = Dense(rows + 2, columns + 5);
        operation(queue, whole.RowRange(1, rows).ColumnRange(2, columns));
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
