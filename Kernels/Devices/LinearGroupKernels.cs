using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels;

/// <summary>The products for groups of weights of one storage type with inputs of one type.</summary>
internal sealed class LinearGroupKernels<T> where T : unmanaged, IElement<T>
{
    private LinearGroupKernels(
        LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView, MatrixView, int, MatrixView, ResultView>> row,
        LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView, MatrixView, int, MatrixView, ResultView>> row4,
        LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView, MatrixView, int, MatrixView, ResultView>> row8,
        LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView, MatrixView, int, ResultView>> tile)
        => (LinearGroupRow, LinearGroupRow4, LinearGroupRow8, LinearGroupTile) = (row, row4, row8, tile);

    /// <summary>One row of x.</summary>
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView, MatrixView, int, MatrixView, ResultView>> LinearGroupRow;

    /// <summary>Up to four rows of x.</summary>
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView, MatrixView, int, MatrixView, ResultView>> LinearGroupRow4;

    /// <summary>Eight rows of x in a group, in any number of chunks.</summary>
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView, MatrixView, int, MatrixView, ResultView>> LinearGroupRow8;

    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView, MatrixView, int, ResultView>> LinearGroupTile;

    public static LinearGroupKernels<T> Load<TWeights>(KernelLoader loader) where TWeights : unmanaged, IDeviceWeights => new(
        Row(loader, Kernels.LinearGroupRow.Kernel<TWeights, T, OneRow>),
        Row(loader, Kernels.LinearGroupRow.Kernel<TWeights, T, FourRows>),
        Row(loader, Kernels.LinearGroupRow.Kernel<TWeights, T, EightRows>),
        loader.LoadGroups<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView, MatrixView, int, ResultView>>(
            Kernels.LinearGroupTile.Kernel<TWeights, T>, Kernels.LinearGroupTile.Items));

    private static LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView, MatrixView, int, MatrixView, ResultView>> Row(
        KernelLoader loader, Action<WeightView, EightsView<T>, MatrixView, MatrixView, int, MatrixView, ResultView> kernel)
        => loader.LoadGroups<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView, MatrixView, int, MatrixView, ResultView>>(
            kernel, Kernels.LinearGroupRow.Items);
}
