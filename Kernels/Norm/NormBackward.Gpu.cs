using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Norm;

/// <summary>The backward of both norms on an accelerator.</summary>
internal static class DeviceNormBackward
{
    // ---- kernels ---------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one row.</summary>
    [Kernel]
    internal static void Kernel(Index1D item, MatrixView<Float32> x, MatrixView<Float32> statistics, MatrixView<Float32> weight,
        MatrixView<Float32> dy, MatrixView<Float32> residual, MatrixView<Float32> dx)
    {
        if (item >= dx.Rows) return;
        int row = item;
        bool centred = statistics.Columns == 2;
        float mean = centred ? statistics[row, 0] : 0f, scale = centred ? statistics[row, 1] : statistics[row, 0];
        var sum = new CompensatedSum();
        var product = new CompensatedSum();
        for (int c = 0; c < x.Columns; c++)
        {
            float weighted = dy[row, c] * weight[0, c];
            sum.Add(weighted);
            product.Add(weighted * ((x[row, c] - mean) * scale));
        }
        float shift = centred ? sum.Total / x.Columns : 0f, slope = product.Total / x.Columns;
        for (int c = 0; c < x.Columns; c++)
        {
            float n = (x[row, c] - mean) * scale, d = (dy[row, c] * weight[0, c] - shift - n * slope) * scale;
            dx[row, c] = residual.Rows > 0 ? residual[row, c] + d : d;
        }
    }

    /// <summary>One item is one column; gradients of no rows are absent.</summary>
    [Kernel]
    internal static void WeightKernel(Index1D item, MatrixView<Float32> x, MatrixView<Float32> statistics, MatrixView<Float32> dy,
        MatrixView<Float32> dWeight, MatrixView<Float32> dBias)
    {
        if (item >= x.Columns) return;
        int column = item;
        bool centred = statistics.Columns == 2;
        var sum = new CompensatedSum();
        var product = new CompensatedSum();
        for (int row = 0; row < x.Rows; row++)
        {
            float mean = centred ? statistics[row, 0] : 0f, scale = centred ? statistics[row, 1] : statistics[row, 0];
            sum.Add(dy[row, column]);
            product.Add(dy[row, column] * ((x[row, column] - mean) * scale));
        }
        if (dWeight.Rows > 0) dWeight[0, column] += product.Total;
        if (dBias.Rows > 0) dBias[0, column] += sum.Total;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    /// <summary>Weights first: dx may take the place of dy.</summary>
    public static void Run(IlgpuQueue queue, Matrix x, Matrix weight, Matrix statistics, Matrix dy, Matrix? dx, Matrix? residual,
        Matrix? dWeight, Matrix? dBias)
    {
        if (dWeight != null || dBias != null)
        {
            queue.Launch(WeightKernel, x.Columns, x.Gpu(), statistics.Gpu(), dy.Gpu(), dWeight.GpuOrNone(x.Buffer),
                dBias.GpuOrNone(x.Buffer));
        }
        if (dx is { } target)
        {
            queue.Launch(Kernel, x.Rows, x.Gpu(), statistics.Gpu(), weight.Gpu(), dy.Gpu(), residual.GpuOrNone(x.Buffer), target.Gpu());
        }
    }
}
