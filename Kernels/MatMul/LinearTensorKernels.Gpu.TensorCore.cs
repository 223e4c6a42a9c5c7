using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>The tensor-core products of weights of one storage type, by the size of the tile.</summary>
internal sealed class LinearTensorKernels
{
    private readonly int largeBytes;

    private LinearTensorKernels(
        LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<Float16>, MatrixView<Float32>, MatrixView<Float32>, MatrixView<Float32>, int, ResultView>> large,
        LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<Float16>, MatrixView<Float32>, MatrixView<Float32>, MatrixView<Float32>, int, ResultView>> small, int largeBytes)
        => (Large, Small, this.largeBytes) = (large, small, largeBytes);

    /// <summary><see cref="Tile128"/>, or <see cref="DeepTile128"/></summary>
    public LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<Float16>, MatrixView<Float32>, MatrixView<Float32>, MatrixView<Float32>, int, ResultView>> Large { get; }

    /// <summary><see cref="Tile64"/></summary>
    public LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<Float16>, MatrixView<Float32>, MatrixView<Float32>, MatrixView<Float32>, int, ResultView>> Small { get; }

    /// <summary>Groups of <see cref="Large"/> with the shared memory that they ask for.</summary>
    public KernelConfig LargeGroups(Index3D groups)
        => new(groups, new Index3D(2 * default(Tile128).Size, 1, 1), largeBytes == 0 ? default : SharedMemoryConfig.RequestDynamic<byte>(largeBytes));

    public static LinearTensorKernels Load<TWeights>(KernelLoader loader) where TWeights : unmanaged, IDeviceWeights
        => typeof(TWeights) == typeof(DeviceHalfRows) ? LoadFill<CopiedFill>(loader) : LoadFill<DecodedFill<TWeights>>(loader);

    private static LinearTensorKernels LoadFill<TFill>(KernelLoader loader) where TFill : unmanaged, ITileFill
        => loader.DeepTiles ? LoadLarge<TFill, DeepTile128>(loader) : LoadLarge<TFill, Tile128>(loader);

    private static LinearTensorKernels LoadLarge<TFill, TShape>(KernelLoader loader) where TFill : unmanaged, ITileFill where TShape : unmanaged, ITileShape
        => new(LoadShape<TFill, TShape>(loader), LoadShape<TFill, Tile64>(loader), default(TShape).DynamicBytes);

    private static LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<Float16>, MatrixView<Float32>, MatrixView<Float32>, MatrixView<Float32>, int, ResultView>> LoadShape<TFill, TShape>(KernelLoader loader)
        where TFill : unmanaged, ITileFill where TShape : unmanaged, ITileShape
        => loader.LoadGroups<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<Float16>, MatrixView<Float32>, MatrixView<Float32>, MatrixView<Float32>, int, ResultView>>(
            (Action<WeightView, EightsView<Float16>, MatrixView<Float32>, MatrixView<Float32>, MatrixView<Float32>, int, ResultView>)LinearTensorTile.Kernel<TFill, TShape>, 2 * default(TShape).Size, default(TShape).DynamicBytes);
}
