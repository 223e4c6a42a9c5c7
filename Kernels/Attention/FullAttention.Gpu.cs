using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Attention;

internal static partial class FullAttention
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one row of one head.</summary>
    [Kernel]
    internal static void Kernel<T>(Index1D item, MatrixView<T> qkv, SequenceLayout layout, int heads, MatrixView<Float32> sums,
        MatrixView<T> y, MatrixView<Float32> logSums) where T : unmanaged, IElement<T>
    {
        if (item >= y.Rows * heads) return;
        int place = item / heads, sequence = place / layout.Length, i = place % layout.Length, columns = y.Columns;
        int headSize = columns / heads, at = item % heads * headSize;
        int first = sequence / layout.Inner * layout.Outer + sequence % layout.Inner, row = first + i * layout.Step;
        DeviceSoftmaxAttention.Row(qkv, at, qkv, columns + at, qkv, 2 * columns + at, first, layout.Step, layout.Length, headSize, sums, y,
            row, at, logSums);
    }

    /// <summary>A group is 16 queries (Grid.IdxX), which may belong to several sequences, of one head (IdxY).</summary>
    [Kernel(Group = GroupAttention.Items)]
    internal static void GroupKernel<T>(EightsView<T> qkv, SequenceLayout layout, int headSize, MatrixView<T> y)
        where T : unmanaged, IElement<T>
        => Tile(qkv, layout, headSize, y, new NoLogSums());

    /// <summary>The same, with the log-sums.</summary>
    [Kernel(Group = GroupAttention.Items)]
    internal static void KeepingGroupKernel<T>(EightsView<T> qkv, SequenceLayout layout, int headSize, MatrixView<T> y,
        MatrixView<Float32> logSums) where T : unmanaged, IElement<T>
        => Tile(qkv, layout, headSize, y, new KeptLogSums(logSums, Grid.IdxY));

    private static void Tile<T, TLogSums>(EightsView<T> qkv, SequenceLayout layout, int headSize, MatrixView<T> y, TLogSums logSums)
        where T : unmanaged, IElement<T> where TLogSums : struct, ILogSums
    {
        int column = Grid.IdxY * headSize;
        GroupAttention.Tile(new SequenceMap(layout), qkv, column, qkv, y.Columns + column, qkv, 2 * y.Columns + column, headSize, y,
            column, logSums);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix qkv, SequenceLayout layout, int heads, Matrix y, Matrix? logSums)
    {
        if (TensorCore(queue, qkv, layout, heads, y, logSums)) return;
        if (qkv.Type == StorageType.F16) Gpu<Float16>(queue, qkv, layout, heads, y, logSums);
        else Gpu<Float32>(queue, qkv, layout, heads, y, logSums);
    }

    private static void Gpu<T>(IlgpuQueue queue, Matrix qkv, SequenceLayout layout, int heads, Matrix y, Matrix? logSums)
        where T : unmanaged, IElement<T>
    {
        int headSize = y.Columns / heads;
        if (GroupAttention.Fits(queue, headSize, GroupAttention.LargestHead, qkv))
        {
            Index3D groups = GroupAttention.Groups(y.Rows, heads);
            if (logSums is { } kept)
                queue.LaunchGroups(KeepingGroupKernel, groups, qkv.Eights<T>(), layout, headSize, y.Gpu<T>(), kept.Gpu());
            else queue.LaunchGroups(GroupKernel, groups, qkv.Eights<T>(), layout, headSize, y.Gpu<T>());
            return;
        }
        using Arena.Scope scope = queue.Scratch.Begin();
        queue.Launch(Kernel, (long)y.Rows * heads,
            qkv.Gpu<T>(), layout, heads, DeviceSoftmaxAttention.Sums(queue, y).Gpu(), y.Gpu<T>(),
            logSums.GpuOrNone(qkv.Buffer));
    }
}
