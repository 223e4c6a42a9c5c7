using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;

namespace EdgeVideoLlava.Kernels.MatMul;

public static partial class Linear
{
    private static void Gpu(IlgpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue)
    {
        var product = new Product(queue, weight, x, y, epilogue);
        if (OnTensorCores(queue, x)) TensorCore(product, queue.DeepTiles);
        else weight.Format().Run(product);
    }

    /// <summary>A product without tensor cores.</summary>
    private readonly record struct Product(IlgpuQueue Queue, Weight Weight, Matrix X, Matrix Y, Epilogue Epilogue) : IWeightLaunch
    {
        public bool IsGated => Epilogue.Activation == Activation.SiluUp;

        public void Run<TWeights>() where TWeights : unmanaged, IDeviceWeights
        {
            if (X.Type == StorageType.F16) Run<TWeights, Float16>();
            else Run<TWeights, Float32>();
        }

        private void Run<TWeights, T>() where TWeights : unmanaged, IDeviceWeights where T : unmanaged, IElement<T>
        {
            using Arena.Scope scope = Queue.Scratch.Begin();
            if (Queue.Tier == KernelTier.Processor) Items<TWeights, T>(this);
            else Groups<TWeights, T>(this);
        }
    }

    // One row goes to the matrix-vector kernel: reading the weight is all its time. From two rows on, unpacking a
    // weight once for four is worth more.
    private static void Items<TWeights, T>(Product p) where TWeights : unmanaged, IDeviceWeights where T : unmanaged, IElement<T>
    {
        EightsView<T> x = PaddedRows.Of<T>(p.Queue, p.X);
        MatrixView<Float32> bias = p.Epilogue.Bias.GpuOrNone(p.Weight), residual = p.Epilogue.Residual.GpuOrNone(p.Weight);
        int activation = (int)p.Epilogue.Activation;
        if (p.X.Rows == 1)
            p.Queue.Launch(LinearRow.Kernel<TWeights, T>, LinearRow.Items(1, p.Y.Columns, p.IsGated),
                p.Weight.Gpu(), x, bias, residual, activation, p.Y.Result());
        else
            p.Queue.Launch(LinearTile.Kernel<TWeights, T>, LinearTile.Items(p.X.Rows, p.Y.Columns, p.IsGated),
                p.Weight.Gpu(), x, bias, residual, activation, p.Y.Result());
    }
}
