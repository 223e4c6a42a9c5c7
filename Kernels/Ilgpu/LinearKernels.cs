using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>The products of weights of one storage type with inputs of one type.</summary>
internal sealed class LinearKernels<T> where T : unmanaged, IElement<T>
{
    // Small enough to spread a product over a processor's cores, two warps of a GPU.
    private const int Group = 64;

    private LinearKernels(
        LazyKernel<Action<AcceleratorStream, Index1D, WeightView, EightsView<T>, MatrixView<Float32>, MatrixView<Float32>, int, ResultView>> row,
        LazyKernel<Action<AcceleratorStream, Index1D, WeightView, EightsView<T>, MatrixView<Float32>, MatrixView<Float32>, int, ResultView>> tile)
        => (LinearRow, LinearTile) = (row, tile);

    public readonly LazyKernel<Action<AcceleratorStream, Index1D, WeightView, EightsView<T>, MatrixView<Float32>, MatrixView<Float32>, int, ResultView>> LinearRow;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, WeightView, EightsView<T>, MatrixView<Float32>, MatrixView<Float32>, int, ResultView>> LinearTile;

    public static LinearKernels<T> Load<TWeights>(KernelLoader loader) where TWeights : unmanaged, IDeviceWeights => new(
        loader.Load<WeightView, EightsView<T>, MatrixView<Float32>, MatrixView<Float32>, int, ResultView>(Kernels.MatMul.LinearRow.Kernel<TWeights, T>, Group),
        loader.Load<WeightView, EightsView<T>, MatrixView<Float32>, MatrixView<Float32>, int, ResultView>(Kernels.MatMul.LinearTile.Kernel<TWeights, T>, Group));
}
