using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels;

/// <summary>Every kernel of a device but those of its weights (<see cref="IlgpuWeightKernels"/>): a list of names, compiled on first use (<see cref="LazyKernel"/>).</summary>
internal sealed class IlgpuKernels
{
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView, MatrixView, int, MatrixView>> AddRows;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<Int8>, MatrixView<Int8>>> CopyBytes;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView, int, ArrayView<int>, MatrixView>> TopK;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView, ArrayView<int>, MatrixView>> CrossEntropy;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView, MatrixView, MatrixView, int, ResultView>> LinearPartials;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, RgbView, FixedPointView, int, int, ArrayView<int>>> ResampleAcross;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, ArrayView<int>, FixedPointView, int, int, MatrixView, MatrixView>> ResampleDown;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, RgbView, PointView, PointView, MatrixView, MatrixView>> ResamplePoints;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView, MatrixView<Float16>>> ToHalves;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<Float16>, MatrixView>> ToFloats;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, ArrayView<ushort>, int, MatrixView>> FromUpperHalves;
    public readonly QuantizeKernels<Float32> QuantizeFloats;
    public readonly QuantizeKernels<Float16> QuantizeHalves;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView, ArrayView<int>, MatrixView>> RepetitionPenalty;

    private readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView, int, int, ArrayView<int>, MatrixView, ArrayView<int>, ArrayView<int>, TokenView>>? drawToken;

    // Of groups; not on the processor's tier.
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, MatrixView, int, ArrayView<int>, MatrixView>> TopKGroups = null!;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, MatrixView, ArrayView<int>, MatrixView>> CrossEntropyGroups = null!;

    private readonly ActivationKernels<Float32> floats;
    private readonly ActivationKernels<Float16>? halves;
    private readonly TensorKernels? tensor;

    /// <param name="activations">F16 loads the kernels for binary16 as well: the residual stream is float32 all the same.</param>
    public IlgpuKernels(KernelLoader loader, StorageType activations)
    {
        loader.Load(out AddRows, Kernels.AddRows.Kernel);
        loader.Load(out CopyBytes, Kernels.CopyRows.ByteKernel);
        loader.Load(out TopK, Kernels.TopK.Kernel);
        loader.Load(out CrossEntropy, Kernels.CrossEntropy.Kernel);
        loader.Load(out LinearPartials, Kernels.LinearPartials.Kernel);
        loader.Load(out ResampleAcross, Kernels.ResampleBytes.AcrossKernel);
        loader.Load(out ResampleDown, Kernels.ResampleBytes.DownKernel);
        loader.Load(out ResamplePoints, Kernels.ResamplePoints.Kernel);
        loader.Load(out ToHalves, Kernels.ConvertRows.ToHalvesKernel);
        loader.Load(out ToFloats, Kernels.ConvertRows.ToFloatsKernel);
        loader.Load(out FromUpperHalves, Kernels.ConvertRows.FromUpperHalvesKernel);
        QuantizeFloats = new QuantizeKernels<Float32>(loader);
        QuantizeHalves = new QuantizeKernels<Float16>(loader);
        loader.Load(out RepetitionPenalty, Kernels.RepetitionPenalty.Kernel);
        if (loader.HasDoubles) loader.Load(out drawToken, Kernels.DrawToken.Kernel);
        if (loader.Tier != KernelTier.Processor)
        {
            loader.LoadGroups(out TopKGroups, Kernels.TopK.GroupKernel, Kernels.TopK.Items);
            loader.LoadGroups(out CrossEntropyGroups, Kernels.CrossEntropy.GroupKernel, Kernels.CrossEntropy.Items);
        }
        floats = new ActivationKernels<Float32>(loader);
        halves = activations == StorageType.F16 ? new ActivationKernels<Float16>(loader) : null;
        tensor = loader.Tier == KernelTier.TensorCore ? new TensorKernels(loader) : null;
    }

    /// <summary>Absent on devices without double.</summary>
    public LazyKernel<Action<AcceleratorStream, Index1D, MatrixView, int, int, ArrayView<int>, MatrixView, ArrayView<int>, ArrayView<int>, TokenView>> DrawToken
        => drawToken ?? throw new InvalidOperationException("the device does not compute in double");

    public TensorKernels Tensor => tensor ?? throw new InvalidOperationException("the device was opened without the kernels of tensor cores");

    public ActivationKernels<T> Of<T>() where T : unmanaged, IElement<T>
        => (typeof(T) == typeof(Float32) ? floats as ActivationKernels<T> : halves as ActivationKernels<T>)
            ?? throw new InvalidOperationException("the device was opened for float32 activations");
}
