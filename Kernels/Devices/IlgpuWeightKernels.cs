using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels;

/// <summary>The kernels that read weights, for one storage type of one device.</summary>
/// <remarks>Loaded with the first weight of the type, not with the device: a model has two or three of the types, and compiling takes its time.</remarks>
internal sealed class IlgpuWeightKernels
{
    // Small enough to spread a product over a processor's cores, two warps of a GPU.
    private const int Group = 64;

    private IlgpuWeightKernels(
        Action<AcceleratorStream, Index1D, WeightView, QuadView, MatrixView, MatrixView, int, MatrixView> row,
        Action<AcceleratorStream, Index1D, WeightView, QuadView, MatrixView, MatrixView, int, MatrixView> tile,
        Action<AcceleratorStream, Index1D, WeightView, ArrayView<int>, MatrixView> gather)
        => (LinearRow, LinearTile, EmbeddingGather) = (row, tile, gather);

    public readonly Action<AcceleratorStream, Index1D, WeightView, QuadView, MatrixView, MatrixView, int, MatrixView> LinearRow;
    public readonly Action<AcceleratorStream, Index1D, WeightView, QuadView, MatrixView, MatrixView, int, MatrixView> LinearTile;
    public readonly Action<AcceleratorStream, Index1D, WeightView, ArrayView<int>, MatrixView> EmbeddingGather;

    public static IlgpuWeightKernels Load<TWeights>(Accelerator accelerator) where TWeights : unmanaged, IDeviceWeights
    {
        int group = Math.Min(Group, accelerator.MaxNumThreadsPerGroup);
        return new IlgpuWeightKernels(
            accelerator.LoadImplicitlyGroupedKernel<Index1D, WeightView, QuadView, MatrixView, MatrixView, int, MatrixView>(Kernels.LinearRow.Kernel<TWeights>, group),
            accelerator.LoadImplicitlyGroupedKernel<Index1D, WeightView, QuadView, MatrixView, MatrixView, int, MatrixView>(Kernels.LinearTile.Kernel<TWeights>, group),
            accelerator.LoadImplicitlyGroupedKernel<Index1D, WeightView, ArrayView<int>, MatrixView>(Kernels.EmbeddingGather.Kernel<TWeights>, group));
    }
}
