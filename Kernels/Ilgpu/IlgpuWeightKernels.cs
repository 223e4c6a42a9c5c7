using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>The kernels that read weights of one storage type on one device; listed with the first weight of the type, compiled as <see cref="IlgpuKernels"/>.</summary>
internal sealed class IlgpuWeightKernels
{
    private readonly object floats;
    private readonly object? halves;
    private readonly LinearTensorKernels? tensor;

    private IlgpuWeightKernels(LazyKernel<Action<AcceleratorStream, Index1D, WeightView, ArrayView<int>, MatrixView<Float32>>> gather,
        LazyKernel<Action<AcceleratorStream, Index1D, WeightView, int, MatrixView<Float32>>> dequantize, object floats, object? halves, LinearTensorKernels? tensor)
        => (EmbeddingGather, DequantizeRows, this.floats, this.halves, this.tensor) = (gather, dequantize, floats, halves, tensor);

    public readonly LazyKernel<Action<AcceleratorStream, Index1D, WeightView, ArrayView<int>, MatrixView<Float32>>> EmbeddingGather;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, WeightView, int, MatrixView<Float32>>> DequantizeRows;

    public static IlgpuWeightKernels Load<TWeights>(KernelLoader loader, StorageType activations) where TWeights : unmanaged, IDeviceWeights
    {
        loader.Load(out LazyKernel<Action<AcceleratorStream, Index1D, WeightView, ArrayView<int>, MatrixView<Float32>>> gather, Kernels.Embedding.EmbeddingGather.Kernel<TWeights>);
        loader.Load(out LazyKernel<Action<AcceleratorStream, Index1D, WeightView, int, MatrixView<Float32>>> dequantize, Kernels.Elementwise.DequantizeRows.Kernel<TWeights>);
        return new IlgpuWeightKernels(gather, dequantize, Products<TWeights, Float32>(loader), activations == StorageType.F16 ? Products<TWeights, Float16>(loader) : null,
            loader.Tier == KernelTier.TensorCore ? LinearTensorKernels.Load<TWeights>(loader) : null);
    }

    /// <summary>The products on tensor cores.</summary>
    public LinearTensorKernels Tensor => tensor ?? throw new InvalidOperationException("the device was opened without the kernels of tensor cores");

    /// <summary>The products with inputs of one type, on a device of the processor tier.</summary>
    public LinearKernels<T> Linear<T>() where T : unmanaged, IElement<T> => (LinearKernels<T>)Of<T>();

    /// <summary>The products with inputs of one type, on a device of another tier.</summary>
    public LinearGroupKernels<T> LinearGroups<T>() where T : unmanaged, IElement<T> => (LinearGroupKernels<T>)Of<T>();

    private static object Products<TWeights, T>(KernelLoader loader) where TWeights : unmanaged, IDeviceWeights where T : unmanaged, IElement<T>
        => loader.Tier == KernelTier.Processor ? LinearKernels<T>.Load<TWeights>(loader) : LinearGroupKernels<T>.Load<TWeights>(loader);

    private object Of<T>() where T : unmanaged, IElement<T>
        => (typeof(T) == typeof(Float32) ? floats : halves) ?? throw new InvalidOperationException("the device was opened for float32 activations");
}
