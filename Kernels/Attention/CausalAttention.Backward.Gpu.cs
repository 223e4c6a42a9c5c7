using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Attention;

internal static partial class CausalAttention
{
    // ---- kernels ---------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one row of one head: Σ_c dy y and the log-sum, and with them the query's gradient.</summary>
    [Kernel]
    internal static void QueryBackwardKernel(Index1D item, DeviceAttentionBackward.Operands of, ArrayView<int> positions, int headSize,
        MatrixView<Float32> y, MatrixView<Float32> sums, MatrixView<Float32> dq)
    {
        int heads = y.Columns / headSize;
        if (item >= y.Rows * heads) return;
        int row = item / heads, head = item % heads, column = head * headSize, group = y.Columns / of.Keys.Columns;
        float delta = DeviceAttentionBackward.Dot(of.Dy, row, column, y, row, column, headSize);
        int keyColumn = head / group * headSize, count = positions[row] + 1;
        float logSum = DeviceAttentionBackward.LogSum(of, row, column, keyColumn, 0, 1, count, headSize);
        sums[row, head] = delta;
        sums[row, heads + head] = logSum;
        DeviceAttentionBackward.Query(of, row, column, keyColumn, keyColumn, 0, 1, count, headSize, logSum, delta, dq, column);
    }

    /// <summary>One item is one key of one of its heads.</summary>
    [Kernel]
    internal static void KeyBackwardKernel(Index1D item, DeviceAttentionBackward.Operands of, ArrayView<int> positions, int headSize,
        MatrixView<Float32> sums, MatrixView<Float32> dk, MatrixView<Float32> dv)
    {
        int heads = dk.Columns / headSize, group = of.Queries.Columns / dk.Columns, queryHeads = heads * group;
        if (item >= dk.Rows * heads) return;
        int key = item / heads, head = item % heads, column = head * headSize;
        for (int c = 0; c < headSize; c++)
        {
            dk[key, column + c] = 0;
            dv[key, column + c] = 0;
        }
        for (int other = head * group; other < (head + 1) * group; other++)
        {
            int from = other * headSize;
            for (int row = 0; row < of.Queries.Rows; row++)
            {
                if (positions[row] >= key)
                {
                    DeviceAttentionBackward.Key(of, row, from, from, key, column, column, headSize, sums[row, queryHeads + other],
                        sums[row, other], dk, column, dv, column);
                }
            }
        }
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void BackwardGpu(IlgpuQueue queue, QueryRows queries, Matrix keys, Matrix values, Matrix dy, Matrix dq, Matrix dKeys,
        Matrix dValues)
    {
        using Arena.Scope scope = queue.Scratch.Begin();
        MatrixView<Float32> sums = queue.Scratch.Take(dy.Rows, 2 * queries.Heads).Gpu();
        var of = new DeviceAttentionBackward.Operands(queries.Q.Gpu(), keys.Gpu(), values.Gpu(), dy.Gpu());
        ArrayView<int> positions = queries.Positions.Gpu();
        int headSize = queries.HeadSize;
        queue.Launch(QueryBackwardKernel, (long)dy.Rows * queries.Heads, of, positions, headSize, queries.Y.Gpu(), sums, dq.Gpu());
        queue.Launch(KeyBackwardKernel, (long)keys.Rows * (keys.Columns / headSize), of, positions, headSize, sums, dKeys.Gpu(),
            dValues.Gpu());
    }
}
