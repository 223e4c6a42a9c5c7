using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>Operands for kernel calls: seeded random numbers, matrices that are views inside larger ones, a guard around results.</summary>
internal sealed unsafe class KernelRig(ComputeDevice device, int seed = 1) : IDisposable
{
    private const float Outside = -123456f;

    // The kernels of groups read eight numbers at once where rows lie so; the others, and fall-backs, take any place.
    private readonly int margin = device is IlgpuDevice { Tier: not KernelTier.Processor } ? 8 : 3;

    /// <summary>Types that accelerators dequantize to F16 while loading: the rounding belongs to the definition there.</summary>
    private static bool IsRoundedOnAccelerators(StorageType type) => DeviceFormat.Of(type).Type != type;

    private readonly List<IDisposable> owned = [];
    private readonly List<nint> memory = [];
    private readonly List<(Matrix Whole, Matrix View)> guarded = [];

    public ComputeQueue Queue { get; } = device.CreateQueue();

    public Random Random { get; } = new(seed);

    /// <summary>Numbers of about normal distribution.</summary>
    public float[] Numbers(int count, float scale = 1)
    {
        var values = new float[count];
        float Sum() => Random.NextSingle() + Random.NextSingle() + Random.NextSingle() + Random.NextSingle();
        for (int i = 0; i < count; i++) values[i] = scale * (Sum() - 2) * 1.7f;
        return values;
    }

    /// <summary>A dense (1, columns) vector, as norms and biases are.</summary>
    public Matrix Vector(float[] values) => Dense(values, 1, values.Length);

    public Matrix Dense(float[] values, int rows, int columns, StorageType type = StorageType.F32)
    {
        Matrix matrix = device.AllocateMatrix(rows, columns, type);
        owned.Add(matrix.Buffer);
        Queue.Write(values, matrix);
        return matrix;
    }

    /// <summary>A view with an offset and a stride larger than its columns; around it stand numbers that must not be read.</summary>
    public Matrix View(float[] values, int rows, int columns)
    {
        Matrix view = Frame(rows, columns, float.NaN).View;
        Queue.Write(values, view);
        return view;
    }

    /// <summary>A view for a result; <see cref="Read"/> also checks that nothing around it was written.</summary>
    public Matrix Result(int rows, int columns)
    {
        (Matrix Whole, Matrix View) frame = Frame(rows, columns, Outside);
        guarded.Add(frame);
        return frame.View;
    }

    /// <summary>A matrix of numbers of two bytes, as bits.</summary>
    public Matrix Bits(ushort[] bits, int rows, int columns, StorageType type)
    {
        Matrix matrix = device.AllocateMatrix(rows, columns, type);
        owned.Add(matrix.Buffer);
        Queue.Write(MemoryMarshal.AsBytes<ushort>(bits), matrix.Buffer);
        return matrix;
    }

    public Matrix Levels(sbyte[] levels, int rows, int columns)
    {
        Matrix matrix = device.AllocateMatrix(rows, columns, StorageType.I8);
        owned.Add(matrix.Buffer);
        Queue.Write(MemoryMarshal.AsBytes<sbyte>(levels), matrix.Buffer);
        return matrix;
    }

    /// <summary>A weight whose numbers are still to be written.</summary>
    public Weight Empty(StorageType type, int rows, int columns)
    {
        Weight weight = device.AllocateWeight("weight", type, rows, columns);
        owned.Add(weight.Buffer);
        return weight;
    }

    public RgbFrames Frames(byte[] rgb, int count, int height, int width)
    {
        DeviceBuffer buffer = device.Allocate(StorageType.U8, rgb.Length);
        owned.Add(buffer);
        Queue.Write(rgb, buffer);
        return new RgbFrames(buffer, count, height, width);
    }

    public IntVector Ints(params int[] values)
    {
        IntVector whole = device.AllocateInts(values.Length + 3), vector = whole.Range(3, values.Length);
        owned.Add(whole.Buffer);
        Queue.Write(values, vector);
        return vector;
    }

    /// <summary>Disposed with the rig.</summary>
    public T Own<T>(T part) where T : IDisposable
    {
        owned.Add(part);
        return part;
    }

    /// <summary>A weight of a storage type; the numbers it then holds replace <paramref name="values"/>.</summary>
    /// <param name="first">Rows of a first part that lies for itself on the host; 0 for one part.</param>
    public Weight Weight(StorageType type, float[] values, int rows, int columns, int first = 0)
    {
        void* source = NativeMemory.AlignedAlloc((nuint)Math.Max(64, type.Bytes(values.Length)), 64);
        memory.Add((nint)source);
        if (type.IsBlock()) Blocks(type, values, (byte*)source);
        for (int i = 0; i < values.Length && !type.IsBlock(); i++)
        {
            if (type == StorageType.F16) values[i] = (float)(((Half*)source)[i] = (Half)values[i]);
            else if (type == StorageType.BF16)
            {
                uint bits = BitConverter.SingleToUInt32Bits(values[i]) & 0xffff0000;
                ((ushort*)source)[i] = (ushort)(bits >> 16);
                values[i] = BitConverter.UInt32BitsToSingle(bits);
            }
            else ((float*)source)[i] = values[i];
        }
        nint rest = (nint)source + (nint)type.Bytes((long)first * columns);
        HostRows[] parts = first == 0 ? [new(rest, rows)] : [new((nint)source, first), new(rest, rows - first)];
        Weight weight = Own(device.LoadWeight("weight", type, columns, parts));
        Sanitizer.WriteWhole(weight.Buffer);
        return weight;
    }

    /// <summary>Random blocks in place of the numbers: every pattern of levels, also of types that are only read.</summary>
    private void Blocks(StorageType type, float[] values, byte* target)
    {
        BlockOracle.Random(type, values.Length, Random).CopyTo(new Span<byte>(target, (int)type.Bytes(values.Length)));
        fixed (float* floats = values) Unpack.ToFloats(type, target, floats, values.Length);
        bool rounded = device is IlgpuDevice && IsRoundedOnAccelerators(type);
        for (int i = 0; i < values.Length && rounded; i++) values[i] = (float)(Half)values[i];
    }

    /// <summary>The result, after a look at what lies around it.</summary>
    public float[] Read(Matrix result)
    {
        foreach ((Matrix whole, Matrix view) in guarded.Where(frame => frame.View.Buffer == result.Buffer))
        {
            float[] all = Queue.Read(whole);
            for (int i = 0; i < all.Length; i++)
            {
                long row = i / whole.Columns - 1, column = i % whole.Columns - margin;
                bool inside = row >= 0 && row < view.Rows && column >= 0 && column < view.Columns;
                if (!inside) Assert.Equal(Outside, all[i]);
            }
        }
        return Queue.Read(result);
    }

    public int[] Read(IntVector result)
    {
        var values = new int[result.Length];
        Queue.Read(result, values);
        return values;
    }

    public void Dispose()
    {
        Queue.Dispose();
        foreach (IDisposable part in owned) part.Dispose();
        foreach (nint address in memory) NativeMemory.AlignedFree((void*)address);
    }

    private (Matrix Whole, Matrix View) Frame(int rows, int columns, float around)
    {
        int width = margin == 8 ? (columns + 7) / 8 * 8 + 2 * margin : columns + 2 * margin;
        var values = new float[(rows + 2) * width];
        Array.Fill(values, around);
        Matrix whole = Dense(values, rows + 2, width);
        return (whole, whole.RowRange(1, rows).ColumnRange(margin, columns));
    }
}
