using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Attention;

public static partial class FullAttention
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one row of one head.</summary>
    [Kernel]
    internal static void Kernel<T>(Index1D item, MatrixView<T> qkv, SequenceLayout layout, int heads, MatrixView<Float32> sums,
        MatrixView<T> y) where T : unmanaged, IElement<T>
    {
        if (item >= y.Rows * heads) return;
        int place = item / heads, sequence = place / layout.Length, i = place % layout.Length, columns = y.Columns;
        int headSize = columns / heads, at = item % heads * headSize;
        int first = sequence / layout.Inner * layout.Outer + sequence % layout.Inner, row = first + i * layout.Step;
        DeviceSoftmaxAttention.Row(qkv, at, qkv, columns + at, qkv, 2 * columns + at, first, layout.Step, layout.Length, headSize, sums, y,
            row, at);
    }

    /// <summary>A group is 16 queries (Grid.IdxX), which may belong to several sequences, of one head (IdxY).</summary>
    [Kernel(Group = GroupAttention.Items)]
    internal static void GroupKernel<T>(EightsView<T> qkv, SequenceLayout layout, int headSize, MatrixView<T> y)
        where T : unmanaged, IElement<T>
    {
        int column = Grid.IdxY * headSize;
        GroupAttention.Tile(new SequenceMap(layout), qkv, column, qkv, y.Columns + column, qkv, 2 * y.Columns + column, headSize, y,
            column);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix qkv, SequenceLayout layout, int heads, Matrix y)
    {
        if (TensorCore(queue, qkv, layout, heads, y)) return;
        if (qkv.Type == StorageType.F16) Gpu<Float16>(queue, qkv, layout, heads, y);
        else Gpu<Float32>(queue, qkv, layout, heads, y);
    }

    private static void Gpu<T>(IlgpuQueue queue, Matrix qkv, SequenceLayout layout, int heads, Matrix y) where T : unmanaged, IElement<T>
    {
        int headSize = y.Columns / heads;
        if (GroupAttention.Fits(queue, headSize, GroupAttention.LargestHead, qkv))
        {
            queue.LaunchGroups(GroupKernel, GroupAttention.Groups(y.Rows, heads), qkv.Eights<T>(), layout, headSize, y.Gpu<T>());
            return;
        }
        using Arena.Scope scope = queue.Scratch.Begin();
        queue.Launch(Kernel, (long)y.Rows * heads,
            qkv.Gpu<T>(), layout, heads, DeviceSoftmaxAttention.Sums(queue, y).Gpu(), y.Gpu<T>());
    }
}
