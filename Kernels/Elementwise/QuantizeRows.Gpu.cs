using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static partial class QuantizeRows
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is two blocks of a row, whose scales are one word; of an odd number of blocks the last has
    /// zero beside it.</summary>
    [Kernel]
    internal static void Kernel<TBlock, T>(Index1D item, MatrixView<T> x, WeightView y, ArrayView<int> misfits)
        where TBlock : unmanaged, IDeviceBlock where T : unmanaged, IElement<T>
    {
        if (item >= x.Rows * y.ScaleWords) return;
        int row = item / y.ScaleWords, pair = item % y.ScaleWords, column = pair * 64;
        uint low = Block<TBlock, T>(x, y, row, column, misfits), high = column + 32 < x.Columns
            ? Block<TBlock, T>(x, y, row, column + 32, misfits) : 0;
        y.Words[y.Scales + row * y.ScaleWords + pair] = low | high << 16;
    }

    /// <summary>Writes a block's levels, returns its scale.</summary>
    private static uint Block<TBlock, T>(MatrixView<T> x, WeightView y, int row, int column, ArrayView<int> misfits)
        where TBlock : unmanaged, IDeviceBlock where T : unmanaged, IElement<T>
    {
        float extreme = 0, magnitude = 0;
        bool finite = true;
        for (int i = 0; i < 32; i++)
        {
            float number = x[row, column + i], size = number < 0 ? -number : number;
            finite &= size < float.PositiveInfinity; // NaN is not
            if (!(size > magnitude)) continue;
            (extreme, magnitude) = (number, size);
        }
        TBlock block = default;
        float step = block.Step(extreme);
        float inverse = step != 0 ? DeviceMath.Divide(1f, step) : 0;
        int at = row * y.RowWords + column / block.InWord, bits = 32 / block.InWord;
        for (int i = 0; i < 32; i += block.InWord)
        {
            uint word = 0;
            for (int j = 0; j < block.InWord; j++) word |= block.Level(x[row, column + i + j], inverse) << j * bits;
            y.Words[at + i / block.InWord] = word;
        }
        uint scale = DeviceMath.FloatToHalf(step);
        if (!finite || (scale & 0x7c00u) == 0x7c00u) misfits[0] = 1; // all that write it write the same
        return scale;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix x, Weight weight, IntVector misfits)
    {
        if (x.Type == StorageType.F16) Gpu<Float16>(queue, x, weight, misfits);
        else Gpu<Float32>(queue, x, weight, misfits);
    }

    private static void Gpu<T>(IlgpuQueue queue, Matrix x, Weight weight, IntVector misfits) where T : unmanaged, IElement<T>
    {
        WeightView y = weight.Gpu();
        long blocks = (long)x.Rows * y.ScaleWords;
        if (weight.Type == StorageType.Q8_0) queue.Launch(Kernel<DeviceBlockQ8_0, T>, blocks, x.Gpu<T>(), y, misfits.Gpu());
        else queue.Launch(Kernel<DeviceBlockQ4_0, T>, blocks, x.Gpu<T>(), y, misfits.Gpu());
    }
}
