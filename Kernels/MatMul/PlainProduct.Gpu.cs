using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.MatMul;

internal static unsafe partial class PlainProduct
{
    private const int GroupItems = 256, Side = 32, Apart = 16, Deep = 16, Pitch = Side + 1;

    // ---- kernels ---------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element of c.</summary>
    [Kernel]
    internal static void Kernel(Index1D item, MatrixView<Float32> a, MatrixView<Float32> b, MatrixView<Float32> c, int add)
    {
        if (item >= c.Rows * c.Columns) return;
        int row = item / c.Columns, column = item % c.Columns;
        var sum = new CompensatedSum();
        for (int p = 0; p < b.Rows; p++) sum.Add(a[row, p] * b[p, column]);
        c[row, column] = add != 0 ? c[row, column] + sum.Total : sum.Total;
    }

    /// <summary>The same of aᵀ.</summary>
    [Kernel]
    internal static void TransposedKernel(Index1D item, MatrixView<Float32> a, MatrixView<Float32> b, MatrixView<Float32> c, int add)
    {
        if (item >= c.Rows * c.Columns) return;
        int row = item / c.Columns, column = item % c.Columns;
        var sum = new CompensatedSum();
        for (int p = 0; p < b.Rows; p++) sum.Add(a[p, row] * b[p, column]);
        c[row, column] = add != 0 ? c[row, column] + sum.Total : sum.Total;
    }

    /// <summary>The same of either, by groups: 32 x 32 numbers of c, 16 deep at a time, both operands in shared memory.</summary>
    /// <remarks>An item loads two numbers of each operand and makes 2 x 2 sums, 16 apart. Each 16 have sums of their own.</remarks>
    [Kernel(Group = GroupItems)]
    internal static void GroupKernel(MatrixView<Float32> a, int transposed, MatrixView<Float32> b, MatrixView<Float32> c, int add)
    {
        ArrayView<float> ofA = SharedMemory.Allocate<float>(Deep * Pitch), ofB = SharedMemory.Allocate<float>(Deep * Pitch);
        int item = Group.IdxX, down = item / Apart, across = item % Apart, firstRow = Grid.IdxX * Side, firstColumn = Grid.IdxY * Side;
        CompensatedSum s00 = default, s01 = default, s10 = default, s11 = default;
        for (int depth = 0; depth < b.Rows; depth += Deep)
        {
            Group.Barrier();
            for (int at = item; at < Deep * Side; at += GroupItems)
            {
                // Neighbouring items read neighbouring numbers, of a as it lies.
                int k = transposed != 0 ? at / Side : at % Deep, r = transposed != 0 ? at % Side : at / Deep;
                int row = firstRow + r, place = depth + k;
                float number = 0;
                if (row < c.Rows && place < b.Rows) number = transposed != 0 ? a[place, row] : a[row, place];
                ofA[k * Pitch + r] = number;
                int column = firstColumn + at % Side, other = depth + at / Side;
                number = 0;
                if (column < c.Columns && other < b.Rows) number = b[other, column];
                ofB[at / Side * Pitch + at % Side] = number;
            }
            Group.Barrier();
            float p00 = 0, p01 = 0, p10 = 0, p11 = 0;
            for (int k = 0; k < Deep; k++)
            {
                float a0 = ofA[k * Pitch + down], a1 = ofA[k * Pitch + down + Apart];
                float b0 = ofB[k * Pitch + across], b1 = ofB[k * Pitch + across + Apart];
                p00 += a0 * b0;
                p01 += a0 * b1;
                p10 += a1 * b0;
                p11 += a1 * b1;
            }
            s00.Add(p00);
            s01.Add(p01);
            s10.Add(p10);
            s11.Add(p11);
        }
        Put(c, firstRow + down, firstColumn + across, s00.Total, add);
        Put(c, firstRow + down, firstColumn + across + Apart, s01.Total, add);
        Put(c, firstRow + down + Apart, firstColumn + across, s10.Total, add);
        Put(c, firstRow + down + Apart, firstColumn + across + Apart, s11.Total, add);
    }

    private static void Put(MatrixView<Float32> c, int row, int column, float sum, int add)
    {
        if (row < c.Rows && column < c.Columns) c[row, column] = add != 0 ? c[row, column] + sum : sum;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix a, bool transposed, Matrix b, Matrix c, bool add)
    {
        if (queue.Tier != KernelTier.Processor && (long)c.Rows * c.Columns > 0)
        {
            var groups = new Index3D((c.Rows + Side - 1) / Side, (c.Columns + Side - 1) / Side, 1);
            queue.LaunchGroups(GroupKernel, groups, a.Gpu(), transposed ? 1 : 0, b.Gpu(), c.Gpu(), add ? 1 : 0);
        }
        else if (transposed) queue.Launch(TransposedKernel, (long)c.Rows * c.Columns, a.Gpu(), b.Gpu(), c.Gpu(), add ? 1 : 0);
        else queue.Launch(Kernel, (long)c.Rows * c.Columns, a.Gpu(), b.Gpu(), c.Gpu(), add ? 1 : 0);
    }
}
