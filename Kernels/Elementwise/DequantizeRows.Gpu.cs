using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static partial class DequantizeRows
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is eight columns of a row of y.</summary>
    [Kernel]
    internal static void Kernel<TWeights>(Index1D item, WeightView weight, int first, MatrixView<Float32> y)
        where TWeights : unmanaged, IDeviceWeights
    {
        int eights = (y.Columns + 7) / 8;
        if (item >= y.Rows * eights) return;
        int row = item / eights, column = item % eights * 8;
        TWeights stored = default;
        F8.Store(stored.Load(weight, first + row, column, stored.Scale(weight, first + row, column)), y, row, column);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Weight weight, int first, Matrix y)
        => weight.Format().Run(new Dequantize(queue, weight, first, y));

    private readonly record struct Dequantize(IlgpuQueue Queue, Weight Weight, int First, Matrix Y) : IWeightLaunch
    {
        public void Run<TWeights>() where TWeights : unmanaged, IDeviceWeights
            => Queue.Launch(Kernel<TWeights>, (long)Y.Rows * ((Y.Columns + 7) / 8), Weight.Gpu(), First, Y.Gpu());
    }
}
