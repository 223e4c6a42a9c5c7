using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels;

public static partial class RmsNorm
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one row.</summary>
    internal static void Kernel<T>(Index1D item, MatrixView x, MatrixView weight, float epsilon, MatrixView<T> y) where T : unmanaged, IElement<T>
    {
        if (item >= y.Rows) return;
        int row = item;
        var squares = new CompensatedSum();
        for (int c = 0; c < x.Columns; c++) squares.Add(x[row, c] * x[row, c]);
        float scale = 1f / XMath.Sqrt(squares.Total / x.Columns + epsilon);
        for (int c = 0; c < x.Columns; c++) y[row, c] = x[row, c] * scale * weight[0, c];
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix x, Matrix weight, float epsilon, Matrix y)
    {
        if (y.Type == StorageType.F16) Gpu<Float16>(queue, x, weight, epsilon, y);
        else Gpu<Float32>(queue, x, weight, epsilon, y);
    }

    private static void Gpu<T>(IlgpuQueue queue, Matrix x, Matrix weight, float epsilon, Matrix y) where T : unmanaged, IElement<T>
        => queue.Launch(queue.Kernels.Of<T>().RmsNorm, IlgpuQueue.Items(y.Rows), x.Gpu(), weight.Gpu(), epsilon, y.Gpu<T>());
}
