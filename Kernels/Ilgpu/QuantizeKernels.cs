using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>The kernels that quantize rows of one type; as <see cref="IlgpuKernels"/>.</summary>
internal sealed class QuantizeKernels<T> where T : unmanaged, IElement<T>
{
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<T>, WeightView, ArrayView<int>>> Q8_0;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<T>, WeightView, ArrayView<int>>> Q4_0;

    public QuantizeKernels(KernelLoader loader)
    {
        loader.Load(out Q8_0, QuantizeRows.Kernel<DeviceBlockQ8_0, T>);
        loader.Load(out Q4_0, QuantizeRows.Kernel<DeviceBlockQ4_0, T>);
    }
}
