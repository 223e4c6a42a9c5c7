using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.MatMul;

internal static partial class Linear
{
    // Up to here the rows of x go eight at a time past weights that the cache still has: less work than a tile of 64
    // that is half empty, and more groups.
    private const int FewRowsForGroups = 32;

    // A multiprocessor with fewer groups waits for its memory.
    private const int GroupsPerMultiprocessor = 2;

    private static void Groups<TWeights, T>(Product p) where TWeights : unmanaged, IDeviceWeights where T : unmanaged, IElement<T>
    {
        if (p.X.Rows == 0 || p.Y.Columns == 0) return;
        if (p.X.Rows > FewRowsForGroups) GroupTiles<TWeights, T>(p);
        else if (p.X.Rows == 1) GroupRows<TWeights, T, OneRow>(p);
        else if (p.X.Rows <= 4) GroupRows<TWeights, T, FourRows>(p);
        else GroupRows<TWeights, T, EightRows>(p);
    }

    private static void GroupTiles<TWeights, T>(Product p) where TWeights : unmanaged, IDeviceWeights where T : unmanaged, IElement<T>
    {
        var grid = new Index3D(Groups(p.X.Rows, LinearGroupTile.Side), Groups(p.Y.Columns, LinearGroupTile.Outputs(p.IsGated)), 1);
        p.Queue.LaunchGroups(LinearGroupTile.Kernel<TWeights, T>, grid,
            p.Weight.Gpu(), PaddedRows.Of<T>(p.Queue, p.X), p.Bias, p.Residual, p.Activation, p.Y.Result());
    }

    private static void GroupRows<TWeights, T, TRows>(Product p)
        where TWeights : unmanaged, IDeviceWeights where T : unmanaged, IElement<T> where TRows : unmanaged, IRowCount
    {
        int outputs = Groups(p.Y.Columns, LinearGroupRow.Outputs(p.IsGated)), chunks = Groups(p.X.Rows, default(TRows).Count);
        int shares = LinearGroupRow.Shares(outputs * chunks, GroupsPerMultiprocessor * p.Queue.Multiprocessors, p.X.Columns);
        Matrix? partials = shares > 1 ? p.Queue.Scratch.Take(shares * p.X.Rows, p.Weight.Rows) : null;
        p.Queue.LaunchGroups(LinearGroupRow.Kernel<TWeights, T, TRows>, new Index3D(outputs, shares, chunks),
            p.Weight.Gpu(), PaddedRows.Of<T>(p.Queue, p.X), p.Bias, p.Residual, p.Activation,
            partials.GpuOrNone(p.Weight.Buffer), p.Y.Result());
        if (partials is { } sums) LinearPartials.Launch(p.Queue, sums, p.Epilogue, p.Y);
    }

    private static int Groups(int count, int each) => (count + each - 1) / each;
}
