using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>The kernels that read or write activations of one type; as <see cref="IlgpuKernels"/>.</summary>
internal sealed class ActivationKernels<T> where T : unmanaged, IElement<T>
{
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<Float32>, MatrixView<Float32>, float, MatrixView<T>>> RmsNorm;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<Float32>, MatrixView<Float32>, MatrixView<Float32>, float, MatrixView<T>>> LayerNorm;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<T>, MatrixView<Float32>, MatrixView<Float32>, ArrayView<int>, MatrixView<T>, MatrixView<T>, MatrixView<T>>> RotaryEmbedding;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<T>, MatrixView<T>, MatrixView<T>, ArrayView<int>, int, MatrixView<Float32>, MatrixView<T>>> CausalAttention;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<T>, SequenceLayout, int, MatrixView<Float32>, MatrixView<T>>> FullAttention;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<Float32>, int, MatrixView<T>>> PatchEmbedding;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<T>, MatrixView<T>>> PaddedRows;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<T>, MatrixView<T>>> CopyRows;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, HeadRowsView<MatrixView<Int8>>, int, MatrixView<T>>> DequantizeHeads;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<T>, MatrixView<Float32>, MatrixView<Float32>, ArrayView<int>, MatrixView<T>, HeadRowsView<MatrixView<Int8>>, HeadRowsView<MatrixView<Int8>>>> RotaryBytes;

    // Of groups; not on the processor's tier.
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, MatrixView<Float32>, MatrixView<Float32>, float, MatrixView<T>>> RmsNormGroups = null!;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, MatrixView<Float32>, MatrixView<Float32>, MatrixView<Float32>, float, MatrixView<T>>> LayerNormGroups = null!;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, EightsView<T>, EightsView<T>, EightsView<T>, ArrayView<int>, int, MatrixView<T>>> CausalGroups = null!;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, EightsView<T>, SequenceLayout, int, MatrixView<T>>> FullGroups = null!;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, EightsView<T>, HeadRowsView<EightsView<T>>, HeadRowsView<EightsView<T>>, ArrayView<int>, int, MatrixView<Float32>>> DecodeAttention = null!;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, EightsView<T>, HeadRowsView<EightsView<Int8>>, HeadRowsView<EightsView<Int8>>, ArrayView<int>, int, MatrixView<Float32>>> DecodeAttentionBytes = null!;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, MatrixView<T>, MatrixView<Float32>, MatrixView<Float32>, ArrayView<int>, MatrixView<T>, HeadRowsView<MatrixView<Int8>>, HeadRowsView<MatrixView<Int8>>>> RotaryByteGroups = null!;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<T>, MatrixView<Float32>, MatrixView<Float32>, ArrayView<int>, MatrixView<T>, CacheSet<MatrixView<T>>>> RotaryBatch = null!;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, MatrixView<T>, MatrixView<Float32>, MatrixView<Float32>, ArrayView<int>, MatrixView<T>, CacheSet<MatrixView<Int8>>>> RotaryByteBatch = null!;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, EightsView<T>, CacheSet<EightsView<T>>, ArrayView<int>, int, MatrixView<Float32>>> DecodeAttentionBatch = null!;
    public readonly LazyKernel<Action<AcceleratorStream, KernelConfig, EightsView<T>, CacheSet<EightsView<Int8>>, ArrayView<int>, int, MatrixView<Float32>>> DecodeAttentionByteBatch = null!;
    public readonly LazyKernel<Action<AcceleratorStream, Index1D, MatrixView<Float32>, ArrayView<int>, int, int, MatrixView<T>>> DecodeAttentionJoin = null!;

    public ActivationKernels(KernelLoader loader)
    {
        loader.Load(out RmsNorm, Kernels.Norm.RmsNorm.Kernel);
        loader.Load(out LayerNorm, Kernels.Norm.LayerNorm.Kernel);
        loader.Load(out RotaryEmbedding, Kernels.Rotary.RotaryEmbedding.Kernel);
        loader.Load(out CausalAttention, Kernels.Attention.CausalAttention.Kernel);
        loader.Load(out FullAttention, Kernels.Attention.FullAttention.Kernel);
        loader.Load(out PatchEmbedding, Kernels.Embedding.PatchEmbedding.Kernel);
        loader.Load(out PaddedRows, Kernels.MatMul.PaddedRows.Kernel);
        loader.Load(out CopyRows, Kernels.Elementwise.CopyRows.Kernel);
        loader.Load(out DequantizeHeads, Kernels.Attention.DequantizeHeads.Kernel);
        loader.Load(out RotaryBytes, Kernels.Rotary.RotaryEmbedding.ByteKernel);
        if (loader.Tier == KernelTier.Processor) return;
        loader.LoadGroups(out RmsNormGroups, Kernels.Norm.RmsNorm.GroupKernel, Kernels.Norm.RmsNorm.Items);
        loader.LoadGroups(out LayerNormGroups, Kernels.Norm.LayerNorm.GroupKernel, Kernels.Norm.LayerNorm.Items);
        loader.LoadGroups(out CausalGroups, Kernels.Attention.CausalAttention.GroupKernel, GroupAttention.Items);
        loader.LoadGroups(out FullGroups, Kernels.Attention.FullAttention.GroupKernel, GroupAttention.Items);
        loader.LoadGroups(out DecodeAttention, Kernels.Attention.DecodeAttention.Kernel, Kernels.Attention.DecodeAttention.Items);
        loader.LoadGroups(out DecodeAttentionBytes, Kernels.Attention.DecodeAttention.ByteKernel, Kernels.Attention.DecodeAttention.Items);
        loader.LoadGroups(out RotaryByteGroups, Kernels.Rotary.RotaryEmbedding.ByteGroupKernel, Kernels.Rotary.RotaryEmbedding.GroupItems);
        loader.Load(out RotaryBatch, Kernels.Rotary.RotaryEmbedding.BatchKernel);
        loader.LoadGroups(out RotaryByteBatch, Kernels.Rotary.RotaryEmbedding.ByteBatchKernel, Kernels.Rotary.RotaryEmbedding.GroupItems);
        loader.LoadGroups(out DecodeAttentionBatch, Kernels.Attention.DecodeAttention.BatchKernel, Kernels.Attention.DecodeAttention.Items);
        loader.LoadGroups(out DecodeAttentionByteBatch, Kernels.Attention.DecodeAttention.ByteBatchKernel, Kernels.Attention.DecodeAttention.Items);
        loader.Load(out DecodeAttentionJoin, Kernels.Attention.DecodeAttention.JoinKernel);
    }
}
