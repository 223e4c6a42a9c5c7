using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;

namespace EdgeVideoLlava.Kernels.MatMul;

public static partial class Linear
{
    // One row goes to the matrix-vector kernel: reading the weight is all its time. From two rows on, unpacking a weight once for four is worth more.
    private static void Gpu(IlgpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue)
    {
        if (OnTensorCores(queue, x)) TensorCore(queue, weight, x, y, epilogue);
        else if (x.Type == StorageType.F16) Gpu<Float16>(queue, weight, x, y, epilogue);
        else Gpu<Float32>(queue, weight, x, y, epilogue);
    }

    private static void Gpu<T>(IlgpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue) where T : unmanaged, IElement<T>
    {
        if (queue.Tier != KernelTier.Processor)
        {
            Groups<T>(queue, weight, x, y, epilogue);
            return;
        }
        LinearKernels<T> kernels = ((IlgpuWeightBuffer)weight.Buffer).Kernels.Linear<T>();
        bool gated = epilogue.Activation == Activation.SiluUp;
        using Arena.Scope scope = queue.Scratch.Begin();
        queue.Launch(x.Rows == 1 ? kernels.LinearRow : kernels.LinearTile,
            IlgpuQueue.Items(x.Rows == 1 ? LinearRow.Items(1, y.Columns, gated) : LinearTile.Items(x.Rows, y.Columns, gated)),
            weight.Gpu(), PaddedRows.Of<T>(queue, x), epilogue.Bias.GpuOrNone(weight), epilogue.Residual.GpuOrNone(weight), (int)epilogue.Activation, y.Result());
    }
}
