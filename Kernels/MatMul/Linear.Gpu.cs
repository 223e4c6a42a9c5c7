using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;

namespace EdgeVideoLlava.Kernels.MatMul;

internal static partial class Linear
{
    private static void Gpu(IlgpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue)
    {
        if (epilogue.PreActivation is not { } sums)
        {
            Multiply(queue, weight, x, y, epilogue);
            return;
        }
        // The sums are the product's result and the rest of the epilogue is a launch of its own: so the product's kernels
        // have no second output, which inference would pay for.
        Multiply(queue, weight, x, sums, new Epilogue(epilogue.Bias));
        LinearPartials.Launch(queue, sums, epilogue with { Bias = null }, y);
    }

    private static void Multiply(IlgpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue)
    {
        var product = new Product(queue, weight, x, y, epilogue);
        if (OnTensorCores(queue, x)) TensorCore(product, queue.DeepTiles);
        else weight.Format().Run(product);
    }

    /// <summary>A product without tensor cores.</summary>
    private readonly record struct Product(IlgpuQueue Queue, Weight Weight, Matrix X, Matrix Y, Epilogue Epilogue) : IWeightLaunch
    {
        public bool IsGated => Epilogue.Activation == MatMul.Activation.SiluUp;

        public MatrixView<Float32> Bias => Epilogue.Bias.GpuOrNone(Weight.Buffer);

        public MatrixView<Float32> Residual => Epilogue.Residual.GpuOrNone(Weight.Buffer);

        public int Activation => (int)Epilogue.Activation;

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
        if (p.X.Rows == 1)
            p.Queue.Launch(LinearRow.Kernel<TWeights, T>, LinearRow.Items(1, p.Y.Columns, p.IsGated),
                p.Weight.Gpu(), x, p.Bias, p.Residual, p.Activation, p.Y.Result());
        else
            p.Queue.Launch(LinearTile.Kernel<TWeights, T>, LinearTile.Items(p.X.Rows, p.Y.Columns, p.IsGated),
                p.Weight.Gpu(), x, p.Bias, p.Residual, p.Activation, p.Y.Result());
    }
}
