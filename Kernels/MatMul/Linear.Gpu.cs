namespace EdgeVideoLlava.Kernels;

public static partial class Linear
{
    private static void Gpu(IlgpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue)
    {
        IlgpuWeightKernels kernels = ((IlgpuWeightBuffer)weight.Buffer).Kernels;
        bool gated = epilogue.Activation == Activation.SiluUp;
        Matrix none = x.RowRange(0, 0);
        queue.Launch(x.Rows == 1 ? kernels.LinearRow : kernels.LinearTile,
            x.Rows == 1 ? LinearRow.Items(1, y.Columns, gated) : LinearTile.Items(x.Rows, y.Columns, gated),
            weight.Gpu(), x.Gpu(), (epilogue.Bias ?? none).Gpu(), (epilogue.Residual ?? none).Gpu(), (int)epilogue.Activation, y.Gpu());
    }
}
