using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.MatMul;

internal static partial class Linear
{
    // So much of a weight of another type exists as float32 at a time.
    private const int DequantizedNumbers = 1 << 22;

    private static void InputBackward(CpuQueue queue, Weight weight, Matrix dz, Matrix dx, bool add)
    {
        if (weight.Type == StorageType.F32)
        {
            PlainProduct.Run(queue, dz, false, new Matrix(weight.Buffer, 0, weight.Rows, weight.Columns, weight.Columns), dx, add);
            return;
        }
        using Arena.Scope scope = queue.Scratch.Begin();
        int atOnce = Math.Clamp(DequantizedNumbers / weight.Columns, 1, weight.Rows);
        Matrix numbers = queue.Scratch.Take(atOnce, weight.Columns);
        for (int row = 0; row < weight.Rows; row += atOnce)
        {
            int count = Math.Min(atOnce, weight.Rows - row);
            DequantizeRows.Run(queue, weight, row, numbers.RowRange(0, count));
            PlainProduct.Run(queue, dz.ColumnRange(row, count), false, numbers.RowRange(0, count), dx, add || row > 0);
        }
    }
}
