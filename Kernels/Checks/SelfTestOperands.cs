using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Checks;

/// <summary>Operands of <see cref="DeviceSelfTest"/>: the same random numbers on every device.</summary>
internal sealed class SelfTestOperands(ComputeDevice device) : IDisposable
{
    private readonly Random random = new(1);
    private readonly List<IDisposable> owned = [];
    private readonly List<byte[]> stored = []; // the processor reads weights where they lie

    public ComputeQueue Queue { get; } = device.CreateQueue();

    public Matrix Matrix(int rows, int columns) => Matrix(rows, columns, StorageType.F32);

    /// <summary>What lies between layers, in the device's type of activations.</summary>
    public Matrix Activations(int rows, int columns) => Matrix(rows, columns, device.ActivationType);

    private Matrix Matrix(int rows, int columns, StorageType type)
    {
        Matrix matrix = device.AllocateMatrix(rows, columns, type);
        owned.Add(matrix.Buffer);
        Queue.Write(Numbers(rows * columns), matrix);
        return matrix;
    }

    public IntVector Ints(params ReadOnlySpan<int> values)
    {
        IntVector vector = device.AllocateInts(values.Length);
        owned.Add(vector.Buffer);
        Queue.Write(values, vector);
        return vector;
    }

    public Weight Weight(StorageType type, int rows, int columns)
    {
        byte[] bytes = GC.AllocateArray<byte>(checked((int)type.Bytes((long)rows * columns)), pinned: true);
        stored.Add(bytes);
        if (!Pack.FromFloats(type, Numbers(rows * columns), bytes))
            throw new InvalidOperationException($"numbers between -2 and 2 do not fit {type}");
        Weight weight = device.LoadWeight(type.ToString(), type, columns,
            new HostRows(Marshal.UnsafeAddrOfPinnedArrayElement(bytes, 0), rows));
        owned.Add(weight);
        return weight;
    }

    public void Dispose()
    {
        Queue.Dispose();
        foreach (IDisposable part in owned) part.Dispose();
    }

    /// <summary>Rows of a cache: bytes of random levels, or activations.</summary>
    public HeadRows Cache(int rows, int heads, int headSize, bool ofBytes)
    {
        if (!ofBytes) return Activations(rows, heads * headSize);
        var cache = HeadRows.Allocate(device, rows, heads, headSize, StorageType.I8);
        Matrix scales = cache.Scales!.Value;
        owned.AddRange([cache.Numbers.Buffer, scales.Buffer]);
        var bytes = new byte[rows * heads * headSize];
        random.NextBytes(bytes);
        Queue.Write(bytes, cache.Numbers.Buffer);
        Queue.Write([.. Enumerable.Repeat(1f / 64, rows * heads)], scales);
        return cache;
    }

    /// <summary>Numbers that binary16 holds exactly: a device with halves has the same ones, and the same levels in a cache.</summary>
    private float[] Numbers(int count)
    {
        var numbers = new float[count];
        for (int i = 0; i < count; i++) numbers[i] = (float)(Half)(4 * random.NextSingle() - 2);
        return numbers;
    }
}
