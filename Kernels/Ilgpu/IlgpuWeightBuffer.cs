using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>A weight on an accelerator, in the layout of its <see cref="DeviceFormat"/>.</summary>
internal sealed class IlgpuWeightBuffer(IlgpuDevice device, DeviceFormat format, int rows, int columns, MemoryBuffer memory)
    : IlgpuBuffer(device, format.Type, (long)rows * columns, memory)
{
    public DeviceFormat Format { get; } = format;

    public WeightView View()
    {
        ArrayView<uint> words = Memory.AsArrayView<uint>(0, Memory.LengthInBytes / sizeof(uint));
        return new WeightView(words, words.Cast<U4>(), rows, columns, Format.RowWords(columns), Format.ScaleWords(columns));
    }
}
