using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>The kernels of the tensor-core tier but those of weights; as <see cref="IlgpuKernels"/>.</summary>
internal sealed class TensorKernels
{
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, MatrixView<Float32>, EightsView<Float16>, MatrixView<Float32>>> ScaledHalves;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, EightsView<Float16>, SequenceLayout, EightsView<Float16>>> FullAttention64;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, EightsView<Float16>, SequenceLayout, EightsView<Float16>>> FullAttention128;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, EightsView<Float16>, EightsView<Float16>, EightsView<Float16>, ArrayView<int>, EightsView<Float16>>> CausalAttention64;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, EightsView<Float16>, EightsView<Float16>, EightsView<Float16>, ArrayView<int>, EightsView<Float16>>> CausalAttention128;

    public TensorKernels(KernelLoader loader)
    {
        ScaledHalves = loader.LoadGroups<Action<AcceleratorStream, KernelConfig, MatrixView<Float32>, EightsView<Float16>, MatrixView<Float32>>>(Kernels.MatMul.ScaledHalves.Kernel, Kernels.MatMul.ScaledHalves.Items);
        FullAttention64 = Full(loader, Kernels.Attention.FullAttention.TensorKernel<Head64>);
        FullAttention128 = Full(loader, Kernels.Attention.FullAttention.TensorKernel<Head128>);
        CausalAttention64 = Causal(loader, Kernels.Attention.CausalAttention.TensorKernel<Head64>);
        CausalAttention128 = Causal(loader, Kernels.Attention.CausalAttention.TensorKernel<Head128>);
    }

    private static LazyKernel<Action<AcceleratorStream, KernelConfig, EightsView<Float16>, SequenceLayout, EightsView<Float16>>> Full(
        KernelLoader loader, Action<EightsView<Float16>, SequenceLayout, EightsView<Float16>> kernel)
        => loader.LoadGroups<Action<AcceleratorStream, KernelConfig, EightsView<Float16>, SequenceLayout, EightsView<Float16>>>(kernel, TensorAttention.Items);

    private static LazyKernel<Action<AcceleratorStream, KernelConfig, EightsView<Float16>, EightsView<Float16>, EightsView<Float16>, ArrayView<int>, EightsView<Float16>>> Causal(
        KernelLoader loader, Action<EightsView<Float16>, EightsView<Float16>, EightsView<Float16>, ArrayView<int>, EightsView<Float16>> kernel)
        => loader.LoadGroups<Action<AcceleratorStream, KernelConfig, EightsView<Float16>, EightsView<Float16>, EightsView<Float16>, ArrayView<int>, EightsView<Float16>>>(
            kernel, TensorAttention.Items);
}
