using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.MatMul;

public static partial class Linear
{
    // Up to here reading the weight is all the time: the kernels that read it once for a few rows do as well.
    private const int FewRows = 8;

    /// <summary>Whether a product runs on tensor cores: they multiply binary16, so never where float32 was asked for.</summary>
    private static bool OnTensorCores(IlgpuQueue queue, Matrix x)
        => queue.Tier == KernelTier.TensorCore && queue.Device.ActivationType == StorageType.F16 && x.Rows > FewRows;

    private static void TensorCore(IlgpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue)
        => TensorCore(queue, ((IlgpuWeightBuffer)weight.Buffer).Kernels.Tensor, weight, x, y, epilogue);

    /// <summary>By kernels for the weight's type, which need not be those that the device has chosen.</summary>
    internal static void TensorCore(IlgpuQueue queue, LinearTensorKernels kernels, Weight weight, Matrix x, Matrix y, Epilogue epilogue)
    {
        using Arena.Scope scope = queue.Scratch.Begin();
        (EightsView<Float16> halves, Matrix? scales) = x.Type == StorageType.F16 ? (PaddedRows.Of<Float16>(queue, x), (Matrix?)null) : ScaledHalves.Of(queue, x);
        int large = new Tile128().Size, small = new Tile64().Size;
        bool isLarge = x.Rows > small && Groups(x, y, epilogue, large).Size >= queue.Multiprocessors;
        queue.Launch(isLarge ? kernels.Large : kernels.Small,
            isLarge ? kernels.LargeGroups(Groups(x, y, epilogue, large)) : new KernelConfig(Groups(x, y, epilogue, small), new Index3D(2 * small, 1, 1)),
            weight.Gpu(), halves, scales.GpuOrNone(weight), epilogue.Bias.GpuOrNone(weight), epilogue.Residual.GpuOrNone(weight), (int)epilogue.Activation, y.Result());
    }

    /// <summary>Tiles below each other, which run first: then they read the same weights at the same time. And tiles side by side.</summary>
    private static Index3D Groups(Matrix x, Matrix y, Epilogue epilogue, int size)
        => new(LinearTensorTile.Tiles(x.Rows, size), LinearTensorTile.Tiles(y.Columns, epilogue.Activation == Activation.SiluUp ? size / 2 : size), 1);
}
