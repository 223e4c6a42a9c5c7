using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Attention;

internal static partial class FullAttention
{
    // ---- kernels ---------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one row of one head: Σ_c dy y and the log-sum, and with them the query's gradient.</summary>
    [Kernel]
    internal static void QueryBackwardKernel(Index1D item, MatrixView<Float32> qkv, SequenceLayout layout, int heads, MatrixView<Float32> y,
        MatrixView<Float32> dy, MatrixView<Float32> sums, MatrixView<Float32> dqkv)
    {
        if (item >= y.Rows * heads) return;
        int columns = y.Columns, headSize = columns / heads, head = item % heads, column = head * headSize;
        int sequence = item / heads / layout.Length, first = sequence / layout.Inner * layout.Outer + sequence % layout.Inner;
        int row = first + item / heads % layout.Length * layout.Step;
        float delta = DeviceAttentionBackward.Dot(dy, row, column, y, row, column, headSize);
        var of = new DeviceAttentionBackward.Operands(qkv, qkv, qkv, dy);
        float logSum = DeviceAttentionBackward.LogSum(of, row, column, columns + column, first, layout.Step, layout.Length, headSize);
        sums[row, head] = delta;
        sums[row, heads + head] = logSum;
        DeviceAttentionBackward.Query(of, row, column, columns + column, 2 * columns + column, first, layout.Step, layout.Length, headSize,
            logSum, delta, dqkv, column);
    }

    /// <summary>One item is one key of one head.</summary>
    [Kernel]
    internal static void KeyBackwardKernel(Index1D item, MatrixView<Float32> qkv, SequenceLayout layout, int heads, MatrixView<Float32> dy,
        MatrixView<Float32> sums, MatrixView<Float32> dqkv)
    {
        if (item >= dy.Rows * heads) return;
        int columns = dy.Columns, headSize = columns / heads, head = item % heads, column = head * headSize;
        int sequence = item / heads / layout.Length, first = sequence / layout.Inner * layout.Outer + sequence % layout.Inner;
        int key = first + item / heads % layout.Length * layout.Step, dk = columns + column, dv = 2 * columns + column;
        for (int c = 0; c < headSize; c++)
        {
            dqkv[key, dk + c] = 0;
            dqkv[key, dv + c] = 0;
        }
        var of = new DeviceAttentionBackward.Operands(qkv, qkv, qkv, dy);
        for (int i = 0; i < layout.Length; i++)
        {
            int row = first + i * layout.Step;
            DeviceAttentionBackward.Key(of, row, column, column, key, dk, dv, headSize, sums[row, heads + head], sums[row, head], dqkv,
                dk, dqkv, dv);
        }
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void BackwardGpu(IlgpuQueue queue, Matrix qkv, SequenceLayout layout, int heads, Matrix y, Matrix dy, Matrix dqkv)
    {
        using Arena.Scope scope = queue.Scratch.Begin();
        MatrixView<Float32> sums = queue.Scratch.Take(dy.Rows, 2 * heads).Gpu();
        queue.Launch(QueryBackwardKernel, (long)y.Rows * heads, qkv.Gpu(), layout, heads, y.Gpu(), dy.Gpu(), sums, dqkv.Gpu());
        queue.Launch(KeyBackwardKernel, (long)y.Rows * heads, qkv.Gpu(), layout, heads, dy.Gpu(), sums, dqkv.Gpu());
    }
}
