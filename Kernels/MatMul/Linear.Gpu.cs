using ILGPU;

namespace EdgeVideoLlava.Kernels;

public static partial class Linear
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element of y. Rows of bias and residual are 0 where there is none.</summary>
    internal static void Kernel(Index1D item, MatrixView weight, MatrixView x, MatrixView bias, MatrixView residual, int activation, MatrixView y)
    {
        if (item >= y.Rows * y.Columns) return;
        int row = item / y.Columns, r = item % y.Columns;
        float z = Dot(weight, r, x, row);
        if (bias.Rows > 0) z += bias[0, r];
        if (activation == (int)Activation.SiluUp)
        {
            float up = Dot(weight, y.Columns + r, x, row);
            if (bias.Rows > 0) up += bias[0, y.Columns + r];
            z = DeviceMath.Silu(z) * up;
        }
        else z = DeviceMath.Activate(activation, z);
        if (residual.Rows > 0) z += residual[row, r];
        y[row, r] = z;
    }

    // Eight sums: a long single one would lose digits, and each addition would wait for the one before.
    private static float Dot(MatrixView weight, int r, MatrixView x, int row)
    {
        ArrayView<float> w = weight.Data, v = x.Data;
        int i = r * weight.Stride, j = row * x.Stride, end = j + x.Columns;
        float s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
        for (; j + 8 <= end; i += 8, j += 8)
        {
            s0 += w[i] * v[j];
            s1 += w[i + 1] * v[j + 1];
            s2 += w[i + 2] * v[j + 2];
            s3 += w[i + 3] * v[j + 3];
            s4 += w[i + 4] * v[j + 4];
            s5 += w[i + 5] * v[j + 5];
            s6 += w[i + 6] * v[j + 6];
            s7 += w[i + 7] * v[j + 7];
        }
        for (; j < end; i++, j++) s0 += w[i] * v[j];
        return s0 + s1 + (s2 + s3) + (s4 + s5 + (s6 + s7));
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue)
    {
        Matrix none = x.RowRange(0, 0);
        queue.Launch(queue.Kernels.Linear, (long)y.Rows * y.Columns,
            weight.Gpu(), x.Gpu(), (epilogue.Bias ?? none).Gpu(), (epilogue.Residual ?? none).Gpu(), (int)epilogue.Activation, y.Gpu());
    }
}
