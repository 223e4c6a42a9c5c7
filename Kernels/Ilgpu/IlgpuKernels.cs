using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using EdgeVideoLlava.Kernels.Sampling;
using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>Every kernel of a device but those of its weights (<see cref="IlgpuWeightKernels"/>): a list of names, compiled on first use (<see cref="LazyKernel"/>).</summary>
internal sealed class IlgpuKernels
{
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<Float32>, MatrixView<Float32>, int, MatrixView<Float32>>> AddRows;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<Int8>, MatrixView<Int8>>> CopyBytes;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<Float32>, int, ArrayView<int>, MatrixView<Float32>>> TopK;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<Float32>, ArrayView<int>, MatrixView<Float32>>> CrossEntropy;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<Float32>, MatrixView<Float32>, MatrixView<Float32>, int, ResultView>> LinearPartials;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, RgbView, FixedPointView, int, int, ArrayView<int>>> ResampleAcross;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, ArrayView<int>, FixedPointView, int, int, MatrixView<Float32>, MatrixView<Float32>>> ResampleDown;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, RgbView, PointView, PointView, MatrixView<Float32>, MatrixView<Float32>>> ResamplePoints;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<Float32>, MatrixView<Float16>>> ToHalves;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<Float16>, MatrixView<Float32>>> ToFloats;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, ArrayView<ushort>, int, MatrixView<Float32>>> FromUpperHalves;
    public readonly QuantizeKernels<Float32> QuantizeFloats;
    public readonly QuantizeKernels<Float16> QuantizeHalves;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<Float32>, ArrayView<int>, MatrixView<Float32>>> RepetitionPenalty;

    private readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<Float32>, int, int, ArrayView<int>, MatrixView<Float32>, ArrayView<int>, ArrayView<int>, TokenView>>? drawToken;

    // Of groups; not on the processor's tier.
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, MatrixView<Float32>, int, ArrayView<int>, MatrixView<Float32>>> TopKGroups = null!;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, MatrixView<Float32>, ArrayView<int>, MatrixView<Float32>>> CrossEntropyGroups = null!;

    private readonly ActivationKernels<Float32> floats;
    private readonly ActivationKernels<Float16>? halves;
    private readonly TensorKernels? tensor;

    /// <param name="activations">F16 loads the kernels for binary16 as well: the residual stream is float32 all the same.</param>
    public IlgpuKernels(KernelLoader loader, StorageType activations)
    {
        loader.Load(out AddRows, Kernels.Elementwise.AddRows.Kernel);
        loader.Load(out CopyBytes, Kernels.Elementwise.CopyRows.ByteKernel);
        loader.Load(out TopK, Kernels.Loss.TopK.Kernel);
        loader.Load(out CrossEntropy, Kernels.Loss.CrossEntropy.Kernel);
        loader.Load(out LinearPartials, Kernels.MatMul.LinearPartials.Kernel);
        loader.Load(out ResampleAcross, Kernels.Preprocess.ResampleBytes.AcrossKernel);
        loader.Load(out ResampleDown, Kernels.Preprocess.ResampleBytes.DownKernel);
        loader.Load(out ResamplePoints, Kernels.Preprocess.ResamplePoints.Kernel);
        loader.Load(out ToHalves, Kernels.Elementwise.ConvertRows.ToHalvesKernel);
        loader.Load(out ToFloats, Kernels.Elementwise.ConvertRows.ToFloatsKernel);
        loader.Load(out FromUpperHalves, Kernels.Elementwise.ConvertRows.FromUpperHalvesKernel);
        QuantizeFloats = new QuantizeKernels<Float32>(loader);
        QuantizeHalves = new QuantizeKernels<Float16>(loader);
        loader.Load(out RepetitionPenalty, Kernels.Sampling.RepetitionPenalty.Kernel);
        if (loader.HasDoubles) loader.Load(out drawToken, Kernels.Sampling.DrawToken.Kernel);
        if (loader.Tier != KernelTier.Processor)
        {
            loader.LoadGroups(out TopKGroups, Kernels.Loss.TopK.GroupKernel, Kernels.Loss.TopK.Items);
            loader.LoadGroups(out CrossEntropyGroups, Kernels.Loss.CrossEntropy.GroupKernel, Kernels.Loss.CrossEntropy.Items);
        }
        floats = new ActivationKernels<Float32>(loader);
        halves = activations == StorageType.F16 ? new ActivationKernels<Float16>(loader) : null;
        tensor = loader.Tier == KernelTier.TensorCore ? new TensorKernels(loader) : null;
    }

    /// <summary>Absent on devices without double.</summary>
    public LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<Float32>, int, int, ArrayView<int>, MatrixView<Float32>, ArrayView<int>, ArrayView<int>, TokenView>> DrawToken
        => drawToken ?? throw new InvalidOperationException("the device does not compute in double");

    public TensorKernels Tensor => tensor ?? throw new InvalidOperationException("the device was opened without the kernels of tensor cores");

    public ActivationKernels<T> Of<T>() where T : unmanaged, IElement<T>
        => (typeof(T) == typeof(Float32) ? floats as ActivationKernels<T> : halves as ActivationKernels<T>)
            ?? throw new InvalidOperationException("the device was opened for float32 activations");
}
