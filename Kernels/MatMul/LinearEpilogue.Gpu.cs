using EdgeVideoLlava.Kernels.Ilgpu.Views;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>An <see cref="Epilogue"/> inside a kernel: from a sum to what is stored. Rows of bias and residual are 0
/// where there is none.</summary>
internal static class LinearEpilogue
{
    /// <summary>Stores y[row, r] if there is such an element.</summary>
    /// <param name="up">The sum of the up row where gated.</param>
    public static void Store(float sum, float up, MatrixView<Float32> bias, MatrixView<Float32> residual, int activation, ResultView y,
        int row, int r)
    {
        if (row >= y.Rows || r >= y.Columns) return;
        if (bias.Rows > 0) sum += bias[0, r];
        if (activation == (int)Activation.SiluUp)
        {
            if (bias.Rows > 0) up += bias[0, y.Columns + r];
            sum = DeviceMath.Silu(sum) * up;
        }
        else sum = Activate(activation, sum);
        if (residual.Rows > 0) sum += residual[row, r];
        y.Store(row, r, sum);
    }

    private static float Activate(int activation, float z)
        => activation == (int)Activation.Gelu ? DeviceMath.Gelu(z) : activation == (int)Activation.QuickGelu ? DeviceMath.QuickGelu(z) : z;
}
