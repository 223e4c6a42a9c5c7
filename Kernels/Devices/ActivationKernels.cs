using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels;

/// <summary>The kernels that read or write activations of one type; as <see cref="IlgpuKernels"/>.</summary>
internal sealed class ActivationKernels<T> where T : unmanaged, IElement<T>
{
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView, MatrixView, float, MatrixView<T>>> RmsNorm;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView, MatrixView, MatrixView, float, MatrixView<T>>> LayerNorm;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<T>, MatrixView, MatrixView, ArrayView<int>, MatrixView<T>, MatrixView<T>, MatrixView<T>>> RotaryEmbedding;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<T>, MatrixView<T>, MatrixView<T>, ArrayView<int>, int, MatrixView, MatrixView<T>>> CausalAttention;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<T>, SequenceLayout, int, MatrixView, MatrixView<T>>> FullAttention;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView, int, MatrixView<T>>> PatchEmbedding;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<T>, MatrixView<T>>> PaddedRows;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<T>, MatrixView<T>>> CopyRows;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, HeadRowsView<MatrixView<Int8>>, int, MatrixView<T>>> DequantizeHeads;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<T>, MatrixView, MatrixView, ArrayView<int>, MatrixView<T>, HeadRowsView<MatrixView<Int8>>, HeadRowsView<MatrixView<Int8>>>> RotaryBytes;

    // Of groups; not on the processor's tier.
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, MatrixView, MatrixView, float, MatrixView<T>>> RmsNormGroups = null!;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, MatrixView, MatrixView, MatrixView, float, MatrixView<T>>> LayerNormGroups = null!;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, EightsView<T>, EightsView<T>, EightsView<T>, ArrayView<int>, int, MatrixView<T>>> CausalGroups = null!;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, EightsView<T>, SequenceLayout, int, MatrixView<T>>> FullGroups = null!;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, EightsView<T>, HeadRowsView<EightsView<T>>, HeadRowsView<EightsView<T>>, ArrayView<int>, int, MatrixView>> DecodeAttention = null!;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, EightsView<T>, HeadRowsView<EightsView<Int8>>, HeadRowsView<EightsView<Int8>>, ArrayView<int>, int, MatrixView>> DecodeAttentionBytes = null!;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, MatrixView<T>, MatrixView, MatrixView, ArrayView<int>, MatrixView<T>, HeadRowsView<MatrixView<Int8>>, HeadRowsView<MatrixView<Int8>>>> RotaryByteGroups = null!;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<T>, MatrixView, MatrixView, ArrayView<int>, MatrixView<T>, CacheSet<MatrixView<T>>>> RotaryBatch = null!;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, MatrixView<T>, MatrixView, MatrixView, ArrayView<int>, MatrixView<T>, CacheSet<MatrixView<Int8>>>> RotaryByteBatch = null!;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, EightsView<T>, CacheSet<EightsView<T>>, ArrayView<int>, int, MatrixView>> DecodeAttentionBatch = null!;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, EightsView<T>, CacheSet<EightsView<Int8>>, ArrayView<int>, int, MatrixView>> DecodeAttentionByteBatch = null!;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView, ArrayView<int>, int, int, MatrixView<T>>> DecodeAttentionJoin = null!;

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
        loader.Load(out DequantizeHeads, Kernels.DequantizeHeads.Kernel);
        loader.Load(out RotaryBytes, Kernels.RotaryEmbedding.ByteKernel);
        if (loader.Tier == KernelTier.Processor) return;
        loader.LoadGroups(out RmsNormGroups, Kernels.RmsNorm.GroupKernel, Kernels.RmsNorm.Items);
        loader.LoadGroups(out LayerNormGroups, Kernels.LayerNorm.GroupKernel, Kernels.LayerNorm.Items);
        loader.LoadGroups(out CausalGroups, Kernels.CausalAttention.GroupKernel, GroupAttention.Items);
        loader.LoadGroups(out FullGroups, Kernels.FullAttention.GroupKernel, GroupAttention.Items);
        loader.LoadGroups(out DecodeAttention, Kernels.DecodeAttention.Kernel, Kernels.DecodeAttention.Items);
        loader.LoadGroups(out DecodeAttentionBytes, Kernels.DecodeAttention.ByteKernel, Kernels.DecodeAttention.Items);
        loader.LoadGroups(out RotaryByteGroups, Kernels.RotaryEmbedding.ByteGroupKernel, Kernels.RotaryEmbedding.GroupItems);
        loader.Load(out RotaryBatch, Kernels.RotaryEmbedding.BatchKernel);
        loader.LoadGroups(out RotaryByteBatch, Kernels.RotaryEmbedding.ByteBatchKernel, Kernels.RotaryEmbedding.GroupItems);
        loader.LoadGroups(out DecodeAttentionBatch, Kernels.DecodeAttention.BatchKernel, Kernels.DecodeAttention.Items);
        loader.LoadGroups(out DecodeAttentionByteBatch, Kernels.DecodeAttention.ByteBatchKernel, Kernels.DecodeAttention.Items);
        loader.Load(out DecodeAttentionJoin, Kernels.DecodeAttention.JoinKernel);
    }
}
