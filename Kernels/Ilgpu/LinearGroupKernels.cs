using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>The products for groups of weights of one storage type with inputs of one type.</summary>
internal sealed class LinearGroupKernels<T> where T : unmanaged, IElement<T>
{
    private LinearGroupKernels(
        LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView<Float32>, MatrixView<Float32>, int, MatrixView<Float32>, ResultView>> row,
        LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView<Float32>, MatrixView<Float32>, int, MatrixView<Float32>, ResultView>> row4,
        LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView<Float32>, MatrixView<Float32>, int, MatrixView<Float32>, ResultView>> row8,
        LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView<Float32>, MatrixView<Float32>, int, ResultView>> tile)
        => (LinearGroupRow, LinearGroupRow4, LinearGroupRow8, LinearGroupTile) = (row, row4, row8, tile);

    /// <summary>One row of x.</summary>
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView<Float32>, MatrixView<Float32>, int, MatrixView<Float32>, ResultView>> LinearGroupRow;

    /// <summary>Up to four rows of x.</summary>
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView<Float32>, MatrixView<Float32>, int, MatrixView<Float32>, ResultView>> LinearGroupRow4;

    /// <summary>Eight rows of x in a group, in any number of chunks.</summary>
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView<Float32>, MatrixView<Float32>, int, MatrixView<Float32>, ResultView>> LinearGroupRow8;

    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView<Float32>, MatrixView<Float32>, int, ResultView>> LinearGroupTile;

    public static LinearGroupKernels<T> Load<TWeights>(KernelLoader loader) where TWeights : unmanaged, IDeviceWeights => new(
        Row(loader, Kernels.MatMul.LinearGroupRow.Kernel<TWeights, T, OneRow>),
        Row(loader, Kernels.MatMul.LinearGroupRow.Kernel<TWeights, T, FourRows>),
        Row(loader, Kernels.MatMul.LinearGroupRow.Kernel<TWeights, T, EightRows>),
        loader.LoadGroups<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView<Float32>, MatrixView<Float32>, int, ResultView>>(
            Kernels.MatMul.LinearGroupTile.Kernel<TWeights, T>, Kernels.MatMul.LinearGroupTile.Items));

    private static LazyKernel<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView<Float32>, MatrixView<Float32>, int, MatrixView<Float32>, ResultView>> Row(
        KernelLoader loader, Action<WeightView, EightsView<T>, MatrixView<Float32>, MatrixView<Float32>, int, MatrixView<Float32>, ResultView> kernel)
        => loader.LoadGroups<Action<AcceleratorStream, KernelConfig, WeightView, EightsView<T>, MatrixView<Float32>, MatrixView<Float32>, int, MatrixView<Float32>, ResultView>>(
            kernel, Kernels.MatMul.LinearGroupRow.Items);
}
