namespace EdgeVideoLlava.Kernels;

public static partial class Linear
{
    // One row goes to the matrix-vector kernel: reading the weight is all its time. From two rows on, unpacking a weight once for four is worth more.
    private static void Gpu(IlgpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue)
    {
        IlgpuWeightKernels kernels = ((IlgpuWeightBuffer)weight.Buffer).Kernels;
        bool gated = epilogue.Activation == Activation.SiluUp;
        using Arena.Scope scope = queue.Scratch.Begin();
        Matrix none = x.RowRange(0, 0);
        queue.Launch(x.Rows == 1 ? kernels.LinearRow : kernels.LinearTile,
            x.Rows == 1 ? LinearRow.Items(1, y.Columns, gated) : LinearTile.Items(x.Rows, y.Columns, gated),
            weight.Gpu(), PaddedRows.Of(queue, x), (epilogue.Bias ?? none).Gpu(), (epilogue.Residual ?? none).Gpu(), (int)epilogue.Activation, y.Gpu());
    }
}
