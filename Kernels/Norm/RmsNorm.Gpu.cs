using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.Norm;

internal static partial class RmsNorm
{
    /// <summary>Of a group.</summary>
    internal const int Items = 256;

    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one row.</summary>
    [Kernel]
    internal static void Kernel<T>(Index1D item, MatrixView<Float32> x, MatrixView<Float32> weight, float epsilon, MatrixView<T> y,
        MatrixView<Float32> scales) where T : unmanaged, IElement<T>
    {
        if (item >= y.Rows) return;
        int row = item;
        var squares = new CompensatedSum();
        for (int c = 0; c < x.Columns; c++) squares.Add(x[row, c] * x[row, c]);
        float scale = 1f / XMath.Sqrt(squares.Total / x.Columns + epsilon);
        if (scales.Rows > 0) scales[row, 0] = scale;
        for (int c = 0; c < x.Columns; c++) y[row, c] = x[row, c] * scale * weight[0, c];
    }

    /// <summary>A group is a row.</summary>
    [Kernel(Group = Items)]
    internal static void GroupKernel<T>(MatrixView<Float32> x, MatrixView<Float32> weight, float epsilon, MatrixView<T> y,
        MatrixView<Float32> scales) where T : unmanaged, IElement<T>
    {
        ArrayView<float> numbers = SharedMemory.Allocate<float>(Items);
        int row = Grid.IdxX;
        var squares = new CompensatedSum();
        for (int c = Group.IdxX; c < x.Columns; c += Items) squares.Add(x[row, c] * x[row, c]);
        float scale = 1f / XMath.Sqrt(GroupReduce.All<Sum>(numbers, squares.Total, Items) / x.Columns + epsilon);
        if (scales.Rows > 0 && Group.IdxX == 0) scales[row, 0] = scale;
        for (int c = Group.IdxX; c < x.Columns; c += Items) y[row, c] = x[row, c] * scale * weight[0, c];
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix x, Matrix weight, float epsilon, Matrix y, Matrix? scale)
    {
        if (y.Type == StorageType.F16) Gpu<Float16>(queue, x, weight, epsilon, y, scale);
        else Gpu<Float32>(queue, x, weight, epsilon, y, scale);
    }

    private static void Gpu<T>(IlgpuQueue queue, Matrix x, Matrix weight, float epsilon, Matrix y, Matrix? scale)
        where T : unmanaged, IElement<T>
    {
        MatrixView<Float32> scales = scale.GpuOrNone(weight.Buffer);
        if (queue.Tier == KernelTier.Processor) queue.Launch(Kernel, y.Rows, x.Gpu(), weight.Gpu(), epsilon, y.Gpu<T>(), scales);
        else queue.LaunchGroups(GroupKernel, new Index3D(y.Rows, 1, 1), x.Gpu(), weight.Gpu(), epsilon, y.Gpu<T>(), scales);
    }
}
