using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels;

/// <summary>The kernels that read or write activations of one type; loaded and held as <see cref="IlgpuKernels"/>.</summary>
internal sealed class ActivationKernels<T> where T : unmanaged, IElement<T>
{
    public readonly Action<AcceleratorStream, Index1D, MatrixView, MatrixView, float, MatrixView<T>> RmsNorm;
    public readonly Action<AcceleratorStream, Index1D, MatrixView, MatrixView, MatrixView, float, MatrixView<T>> LayerNorm;
    public readonly Action<AcceleratorStream, Index1D, MatrixView<T>, MatrixView, MatrixView, ArrayView<int>, MatrixView<T>> RotaryEmbedding;
    public readonly Action<AcceleratorStream, Index1D, MatrixView<T>, MatrixView<T>, MatrixView<T>, ArrayView<int>, int, MatrixView, MatrixView<T>> CausalAttention;
    public readonly Action<AcceleratorStream, Index1D, MatrixView<T>, SequenceLayout, int, MatrixView, MatrixView<T>> FullAttention;
    public readonly Action<AcceleratorStream, Index1D, MatrixView, int, MatrixView<T>> PatchEmbedding;
    public readonly Action<AcceleratorStream, Index1D, MatrixView<T>, MatrixView<T>> PaddedRows;
    public readonly Action<AcceleratorStream, Index1D, MatrixView<T>, MatrixView<T>> CopyRows;
    public readonly Action<AcceleratorStream, Index1D, MatrixView<T>, ArrayView<int>, MatrixView<T>> ScatterRows;

    public ActivationKernels(KernelLoader loader)
    {
        loader.Load(out RmsNorm, Kernels.RmsNorm.Kernel);
        loader.Load(out LayerNorm, Kernels.LayerNorm.Kernel);
        loader.Load(out RotaryEmbedding, Kernels.RotaryEmbedding.Kernel);
        loader.Load(out CausalAttention, Kernels.CausalAttention.Kernel);
        loader.Load(out FullAttention, Kernels.FullAttention.Kernel);
        loader.Load(out PatchEmbedding, Kernels.PatchEmbedding.Kernel);
        loader.Load(out PaddedRows, Kernels.PaddedRows.Kernel);
        loader.Load(out CopyRows, Kernels.CopyRows.Kernel);
        loader.Load(out ScatterRows, Kernels.ScatterRows.Kernel);
    }
}
