using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels;

/// <summary>The tensor-core products of weights of one storage type, by the size of the tile.</summary>
internal sealed class LinearTensorKernels
{
    private LinearTensorKernels(
        LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<Float16>, MatrixView, MatrixView, MatrixView, int, ResultView>> large,
        LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<Float16>, MatrixView, MatrixView, MatrixView, int, ResultView>> small)
        => (Large, Small) = (large, small);

    /// <summary><see cref="Tile128"/></summary>
    public LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<Float16>, MatrixView, MatrixView, MatrixView, int, ResultView>> Large { get; }

    /// <summary><see cref="Tile64"/></summary>
    public LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<Float16>, MatrixView, MatrixView, MatrixView, int, ResultView>> Small { get; }

    public static LinearTensorKernels Load<TWeights>(KernelLoader loader) where TWeights : unmanaged, IDeviceWeights
        => typeof(TWeights) == typeof(DeviceHalfRows) ? LoadFill<CopiedFill>(loader) : LoadFill<DecodedFill<TWeights>>(loader);

    private static LinearTensorKernels LoadFill<TFill>(KernelLoader loader) where TFill : unmanaged, ITileFill
        => new(LoadShape<TFill, Tile128>(loader), LoadShape<TFill, Tile64>(loader));

    private static LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<Float16>, MatrixView, MatrixView, MatrixView, int, ResultView>> LoadShape<TFill, TShape>(KernelLoader loader)
        where TFill : unmanaged, ITileFill where TShape : unmanaged, ITileShape
        => loader.LoadGroups<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<Float16>, MatrixView, MatrixView, MatrixView, int, ResultView>>(
            (Action<WeightView, EightsView<Float16>, MatrixView, MatrixView, MatrixView, int, ResultView>)LinearTensorTile.Kernel<TFill, TShape>, 2 * default(TShape).Size);
}
