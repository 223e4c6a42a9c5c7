using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>Adds up what several groups of <see cref="LinearGroupRow"/> have of the same sums, always in the same
/// order, and applies the epilogue; of sums that one group has made, the epilogue alone.</summary>
internal static class LinearPartials
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element of y.</summary>
    /// <param name="partials">(shares · rows of y, rows of W).</param>
    [Kernel]
    public static void Kernel(Index1D item, MatrixView<Float32> partials, MatrixView<Float32> bias, MatrixView<Float32> residual,
        int activation, ResultView y)
    {
        if (item >= y.Rows * y.Columns) return;
        int row = item / y.Columns, r = item % y.Columns;
        float sum = 0f, up = 0f;
        for (int from = row; from < partials.Rows; from += y.Rows) sum += partials[from, r];
        if (activation == (int)Activation.SiluUp)
        {
            for (int from = row; from < partials.Rows; from += y.Rows) up += partials[from, y.Columns + r];
        }
        LinearEpilogue.Store(sum, up, bias, residual, activation, y, row, r);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    public static void Launch(IlgpuQueue queue, Matrix partials, Epilogue epilogue, Matrix y)
        => queue.Launch(Kernel, (long)y.Rows * y.Columns, partials.Gpu(), epilogue.Bias.GpuOrNone(partials.Buffer),
            epilogue.Residual.GpuOrNone(partials.Buffer), (int)epilogue.Activation, y.Result());
}
