using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Preprocess;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary><see cref="HeadRows"/> as a kernel sees them.</summary>
/// <typeparam name="TView">MatrixView, or EightsView where rows begin at multiples of 16 bytes.</typeparam>
internal readonly struct HeadRowsView<TView>(TView numbers, MatrixView<Float32> scales) where TView : struct
{
    public readonly TView Numbers = numbers;
    public readonly MatrixView<Float32> Scales = scales;

    /// <summary>What the numbers of a row's head are multiplied by: 1 but for bytes.</summary>
    public float Scale(int row, int head) => Scales.Rows > 0 ? Scales[row, head] : 1f;
}

internal static class HeadRowsViews
{
    /// <summary>Rows of bytes.</summary>
    public static HeadRowsView<MatrixView<Int8>> Bytes(this HeadRows rows) => new(rows.Numbers.Gpu<Int8>(), rows.Scales!.Value.Gpu());

    /// <summary>Rows of bytes that begin at multiples of 16 bytes.</summary>
    public static HeadRowsView<EightsView<Int8>> ByteEights(this HeadRows rows)
        => new(rows.Numbers.Eights<Int8>(), rows.Scales!.Value.Gpu());

    /// <summary>Rows of numbers.</summary>
    /// <param name="any">Memory for a view of absent scales.</param>
    public static HeadRowsView<MatrixView<T>> Gpu<T>(this HeadRows rows, IntVector any) where T : unmanaged, IElement<T>
        => new(rows.Numbers.Gpu<T>(), rows.Scales.GpuOrNone(any.Buffer));

    /// <summary>Rows of numbers that begin at multiples of 16 bytes.</summary>
    public static HeadRowsView<EightsView<T>> Eights<T>(this HeadRows rows, IntVector any) where T : unmanaged, IElement<T>
        => new(rows.Numbers.Eights<T>(), rows.Scales.GpuOrNone(any.Buffer));
}
