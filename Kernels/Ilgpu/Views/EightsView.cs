using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Ilgpu.Views;

/// <summary>A <c>Matrix</c> whose rows begin at multiples of 16 bytes and have a multiple of 8 columns, as a
/// kernel reads it, eight columns at a time.</summary>
internal readonly struct EightsView<T>(ArrayView<U4> data, int rows, int columns, int stride) where T : unmanaged, IStoredElement<T>
{
    public readonly ArrayView<U4> Data = data;
    public readonly int Rows = rows;
    public readonly int Columns = columns;

    /// <summary>In eights.</summary>
    public readonly int Stride = stride;

    /// <param name="index">row · Stride + column / 8</param>
    public F8 this[int index] => default(T).Eight(Data, index);
}
