using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.MatMul;

internal static partial class Linear
{
    // Up to here reading the weight is all the time: the kernels that read it once for a few rows do as well.
    private const int FewRows = 8;

    /// <summary>Whether a product runs on tensor cores: they multiply binary16, so never where float32 was asked for.</summary>
    private static bool OnTensorCores(IlgpuQueue queue, Matrix x)
        => queue.Tier == KernelTier.TensorCore && queue.Device.ActivationType == StorageType.F16 && x.Rows > FewRows;

    /// <summary>With tiles of a depth that need not be the one which the device has chosen.</summary>
    internal static void TensorCore(IlgpuQueue queue, Weight weight, Matrix x, Matrix y, bool deepTiles)
        => TensorCore(new Product(queue, weight, x, y, default), deepTiles);

    private static void TensorCore(Product product, bool deepTiles) => product.Weight.Format().Run(new TensorProduct(product, deepTiles));

    private readonly record struct TensorProduct(Product Product, bool DeepTiles) : IWeightLaunch
    {
        public void Run<TWeights>() where TWeights : unmanaged, IDeviceWeights
        {
            using Arena.Scope scope = Product.Queue.Scratch.Begin();
            // Halves that lie in the tile's own order are copied, everything else is decoded on the way.
            if (typeof(TWeights) == typeof(DeviceHalves<DeviceHalfRows>)) TensorTiles<CopiedFill>(Product, DeepTiles);
            else TensorTiles<DecodedFill<TWeights>>(Product, DeepTiles);
        }
    }

    private static void TensorTiles<TFill>(Product p, bool deepTiles) where TFill : unmanaged, ITileFill
    {
        bool isLarge = p.X.Rows > default(Tile64).Size && Tiles<Tile128>(p).Size >= p.Queue.Multiprocessors;
        if (!isLarge) TensorTiles<TFill, Tile64>(p);
        else if (deepTiles) TensorTiles<TFill, DeepTile128>(p);
        else TensorTiles<TFill, Tile128>(p);
    }

    private static void TensorTiles<TFill, TShape>(Product p) where TFill : unmanaged, ITileFill where TShape : unmanaged, ITileShape
    {
        (EightsView<Float16> x, Matrix? scales) = p.X.Type == StorageType.F16
            ? (PaddedRows.Of<Float16>(p.Queue, p.X), (Matrix?)null)
            : ScaledHalves.Of(p.Queue, p.X);
        p.Queue.LaunchGroups(LinearTensorTile.Kernel<TFill, TShape>, Tiles<TShape>(p),
            p.Weight.Gpu(), x, scales.GpuOrNone(p.Weight.Buffer), p.Bias, p.Residual, p.Activation,
            p.Y.Result());
    }

    /// <summary>Tiles below each other, which run first: then they read the same weights at the same time. And tiles
    /// side by side.</summary>
    private static Index3D Tiles<TShape>(Product p) where TShape : unmanaged, ITileShape
    {
        int size = default(TShape).Size;
        return new Index3D(LinearTensorTile.Tiles(p.X.Rows, size), LinearTensorTile.Tiles(p.Y.Columns, p.IsGated ? size / 2 : size), 1);
    }
}
