using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;
using ILGPU.Runtime;
using Half = System.Half;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>Matrices of halves in the memory of ILGPU's CPU accelerator, for kernels on tensor cores.</summary>
internal sealed class TensorOperands(int seed) : IDisposable
{
    private static readonly Half Outside = (Half)(-1234);

    private readonly List<MemoryBuffer> buffers = [];
    private readonly Dictionary<ArrayView<U4>, MemoryBuffer1D<U4, Stride1D.Dense>> memory = [];

    public Random Random { get; } = new(seed);

    /// <summary>Numbers that binary16 has, from -size to size.</summary>
    public float[] Numbers(int count, float size = 1)
        => [.. Enumerable.Range(0, count).Select(_ => (float)(Half)(size * (float)(Random.NextDouble() * 2 - 1)))];

    /// <summary>Rows with something between them that must not be read.</summary>
    public EightsView<Float16> Matrix(float[] values, int rows, int columns) => View(values, rows, columns, Half.NaN);

    /// <summary>For a result; <see cref="Read"/> looks whether something around it was written.</summary>
    public EightsView<Float16> Result(int rows, int columns) => View(null, rows, columns, Outside);

    public ArrayView<int> Ints(int[] values) => Buffer(values).View;

    /// <summary>Any values, as they are; disposed with the operands.</summary>
    public MemoryBuffer1D<T, Stride1D.Dense> Buffer<T>(T[] values) where T : unmanaged
    {
        MemoryBuffer1D<T, Stride1D.Dense> buffer = Lanes.Accelerator.Allocate1D(values);
        buffers.Add(buffer);
        return buffer;
    }

    public float[] Read(EightsView<Float16> result)
    {
        Half[] all = MemoryMarshal.Cast<U4, Half>(memory[result.Data].GetAsArray1D()).ToArray();
        var got = new float[result.Rows * result.Columns];
        for (int i = 0; i < all.Length; i++)
        {
            int row = i / (8 * result.Stride), column = i % (8 * result.Stride);
            if (row < result.Rows && column < result.Columns) got[row * result.Columns + column] = (float)all[i];
            else Assert.Equal(Outside, all[i]);
        }
        return got;
    }

    public void Dispose()
    {
        foreach (MemoryBuffer buffer in buffers) buffer.Dispose();
    }

    private EightsView<Float16> View(float[]? values, int rows, int columns, Half around)
    {
        int stride = columns / 8 + 1;
        var all = new Half[(rows + 1) * stride * 8];
        Array.Fill(all, around);
        for (int i = 0; values != null && i < values.Length; i++) all[i / columns * 8 * stride + i % columns] = (Half)values[i];
        MemoryBuffer1D<U4, Stride1D.Dense> buffer = Buffer(MemoryMarshal.Cast<Half, U4>(all).ToArray());
        memory.Add(buffer.View, buffer);
        return new EightsView<Float16>(buffer.View, rows, columns, stride);
    }
}
