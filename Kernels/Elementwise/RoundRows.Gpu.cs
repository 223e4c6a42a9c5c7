using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static partial class RoundRows
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is eight columns of a row, which are four words of the weight; beyond the last column stand zeros.</summary>
    [Kernel]
    internal static void Kernel<THalves>(Index1D item, MatrixView<Float32> x, WeightView weight) where THalves : unmanaged, IHalves
    {
        int eights = (x.Columns + 7) / 8;
        if (item >= x.Rows * eights) return;
        int row = item / eights, index = item % eights;
        weight.Quads[row * (weight.RowWords / 4) + index] = default(THalves).Words(F8.Load(x, row, 8 * index));
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix x, Weight weight)
    {
        if (weight.Buffer.Type == StorageType.BF16) Gpu<DeviceBF16>(queue, x, weight);
        else if (queue.Tier == KernelTier.TensorCore) Gpu<DeviceHalfRows>(queue, x, weight);
        else Gpu<DeviceF16>(queue, x, weight);
    }

    private static void Gpu<THalves>(IlgpuQueue queue, Matrix x, Weight weight) where THalves : unmanaged, IHalves
        => queue.Launch(Kernel<THalves>, (long)x.Rows * ((x.Columns + 7) / 8), x.Gpu(), weight.Gpu());
}
