using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels;

/// <summary>Every kernel of a device but those of its weights (<see cref="IlgpuWeightKernels"/>), loaded once, always in this order, and held as long as the device.</summary>
/// <remarks>
/// ILGPU holds kernels weakly and numbers them in the order of compilation; drivers cache compiled kernels by their text, which contains
/// these numbers. So the order is fixed and everything is loaded at once.
/// </remarks>
internal sealed class IlgpuKernels
{
    private readonly Accelerator accelerator;

    public readonly Action<AcceleratorStream, Index1D, MatrixView, MatrixView, float, MatrixView> RmsNorm;
    public readonly Action<AcceleratorStream, Index1D, MatrixView, MatrixView, MatrixView, float, MatrixView> LayerNorm;
    public readonly Action<AcceleratorStream, Index1D, MatrixView, MatrixView, MatrixView, ArrayView<int>, MatrixView> RotaryEmbedding;
    public readonly Action<AcceleratorStream, Index1D, MatrixView, MatrixView, MatrixView, ArrayView<int>, int, MatrixView> CausalAttention;
    public readonly Action<AcceleratorStream, Index1D, MatrixView, SequenceLayout, int, MatrixView> FullAttention;
    public readonly Action<AcceleratorStream, Index1D, MatrixView, int, MatrixView> PatchEmbedding;
    public readonly Action<AcceleratorStream, Index1D, MatrixView, MatrixView> PaddedRows;
    public readonly Action<AcceleratorStream, Index1D, MatrixView, MatrixView, int, MatrixView> AddRows;
    public readonly Action<AcceleratorStream, Index1D, MatrixView, MatrixView> CopyRows;
    public readonly Action<AcceleratorStream, Index1D, MatrixView, ArrayView<int>, MatrixView> ScatterRows;
    public readonly Action<AcceleratorStream, Index1D, MatrixView, int, ArrayView<int>, MatrixView> TopK;
    public readonly Action<AcceleratorStream, Index1D, MatrixView, ArrayView<int>, MatrixView> CrossEntropy;

    public IlgpuKernels(Accelerator accelerator)
    {
        this.accelerator = accelerator;
        Load(out RmsNorm, Kernels.RmsNorm.Kernel);
        Load(out LayerNorm, Kernels.LayerNorm.Kernel);
        Load(out RotaryEmbedding, Kernels.RotaryEmbedding.Kernel);
        Load(out CausalAttention, Kernels.CausalAttention.Kernel);
        Load(out FullAttention, Kernels.FullAttention.Kernel);
        Load(out PatchEmbedding, Kernels.PatchEmbedding.Kernel);
        Load(out PaddedRows, Kernels.PaddedRows.Kernel);
        Load(out AddRows, Kernels.AddRows.Kernel);
        Load(out CopyRows, Kernels.CopyRows.Kernel);
        Load(out ScatterRows, Kernels.ScatterRows.Kernel);
        Load(out TopK, Kernels.TopK.Kernel);
        Load(out CrossEntropy, Kernels.CrossEntropy.Kernel);
    }

    private void Load<T1, T2>(out Action<AcceleratorStream, Index1D, T1, T2> launcher, Action<Index1D, T1, T2> kernel)
        where T1 : struct where T2 : struct
        => launcher = accelerator.LoadAutoGroupedKernel(kernel);

    private void Load<T1, T2, T3>(out Action<AcceleratorStream, Index1D, T1, T2, T3> launcher, Action<Index1D, T1, T2, T3> kernel)
        where T1 : struct where T2 : struct where T3 : struct
        => launcher = accelerator.LoadAutoGroupedKernel(kernel);

    private void Load<T1, T2, T3, T4>(out Action<AcceleratorStream, Index1D, T1, T2, T3, T4> launcher, Action<Index1D, T1, T2, T3, T4> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct
        => launcher = accelerator.LoadAutoGroupedKernel(kernel);

    private void Load<T1, T2, T3, T4, T5>(out Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5> launcher, Action<Index1D, T1, T2, T3, T4, T5> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        => launcher = accelerator.LoadAutoGroupedKernel(kernel);

    private void Load<T1, T2, T3, T4, T5, T6>(
        out Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5, T6> launcher, Action<Index1D, T1, T2, T3, T4, T5, T6> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct
        => launcher = accelerator.LoadAutoGroupedKernel(kernel);
}
