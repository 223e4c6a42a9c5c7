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

internal static partial class LayerNorm
{
    /// <summary>Of a group.</summary>
    internal const int Items = 256;

    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one row.</summary>
    [Kernel]
    internal static void Kernel<T>(Index1D item, MatrixView<Float32> x, MatrixView<Float32> weight, MatrixView<Float32> bias,
        float epsilon, MatrixView<T> y, MatrixView<Float32> statistics) where T : unmanaged, IElement<T>
    {
        if (item >= y.Rows) return;
        int row = item;
        CompensatedSum sum = new(), squares = new();
        for (int c = 0; c < x.Columns; c++) sum.Add(x[row, c]);
        float mean = sum.Total / x.Columns;
        for (int c = 0; c < x.Columns; c++)
        {
            float centred = x[row, c] - mean;
            squares.Add(centred * centred);
        }
        float scale = 1f / XMath.Sqrt(squares.Total / x.Columns + epsilon);
        if (statistics.Rows > 0) Keep(statistics, row, mean, scale);
        for (int c = 0; c < x.Columns; c++) y[row, c] = (x[row, c] - mean) * scale * weight[0, c] + bias[0, c];
    }

    /// <summary>A group is a row.</summary>
    [Kernel(Group = Items)]
    internal static void GroupKernel<T>(MatrixView<Float32> x, MatrixView<Float32> weight, MatrixView<Float32> bias, float epsilon,
        MatrixView<T> y, MatrixView<Float32> statistics) where T : unmanaged, IElement<T>
    {
        ArrayView<float> numbers = SharedMemory.Allocate<float>(Items);
        int row = Grid.IdxX;
        CompensatedSum sum = new(), squares = new();
        for (int c = Group.IdxX; c < x.Columns; c += Items) sum.Add(x[row, c]);
        float mean = GroupReduce.All<Sum>(numbers, sum.Total, Items) / x.Columns;
        for (int c = Group.IdxX; c < x.Columns; c += Items)
        {
            float centred = x[row, c] - mean;
            squares.Add(centred * centred);
        }
        Group.Barrier(); // all have read the mean
        float scale = 1f / XMath.Sqrt(GroupReduce.All<Sum>(numbers, squares.Total, Items) / x.Columns + epsilon);
        if (statistics.Rows > 0 && Group.IdxX == 0) Keep(statistics, row, mean, scale);
        for (int c = Group.IdxX; c < x.Columns; c += Items) y[row, c] = (x[row, c] - mean) * scale * weight[0, c] + bias[0, c];
    }

    private static void Keep(MatrixView<Float32> statistics, int row, float mean, float scale)
    {
        statistics[row, 0] = mean;
        statistics[row, 1] = scale;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix x, Matrix weight, Matrix bias, float epsilon, Matrix y, Matrix? statistics)
    {
        if (y.Type == StorageType.F16) Gpu<Float16>(queue, x, weight, bias, epsilon, y, statistics);
        else Gpu<Float32>(queue, x, weight, bias, epsilon, y, statistics);
    }

    private static void Gpu<T>(IlgpuQueue queue, Matrix x, Matrix weight, Matrix bias, float epsilon, Matrix y, Matrix? statistics)
        where T : unmanaged, IElement<T>
    {
        MatrixView<Float32> kept = statistics.GpuOrNone(weight.Buffer);
        if (queue.Tier == KernelTier.Processor)
            queue.Launch(Kernel, y.Rows, x.Gpu(), weight.Gpu(), bias.Gpu(), epsilon, y.Gpu<T>(), kept);
        else queue.LaunchGroups(GroupKernel, new Index3D(y.Rows, 1, 1), x.Gpu(), weight.Gpu(), bias.Gpu(), epsilon, y.Gpu<T>(), kept);
    }
}
