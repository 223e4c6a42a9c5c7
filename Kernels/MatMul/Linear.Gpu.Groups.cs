using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.MatMul;

public static partial class Linear
{
    // Up to here the rows of x go eight at a time past weights that the cache still has: less work than a tile of 64 that is half empty, and more groups.
    private const int FewRowsForGroups = 32;

    // A multiprocessor with fewer groups waits for its memory.
    private const int GroupsPerMultiprocessor = 2;

    private static void Groups<T>(IlgpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue) where T : unmanaged, IElement<T>
    {
        if (x.Rows == 0 || y.Columns == 0) return;
        LinearGroupKernels<T> kernels = ((IlgpuWeightBuffer)weight.Buffer).Kernels.LinearGroups<T>();
        using Arena.Scope scope = queue.Scratch.Begin();
        if (x.Rows <= FewRowsForGroups) GroupRows(queue, kernels, weight, x, y, epilogue);
        else
        {
            var grid = new Index3D(Groups(x.Rows, LinearGroupTile.Side), Groups(y.Columns, LinearGroupTile.Outputs(IsGated(epilogue))), 1);
            queue.Launch(kernels.LinearGroupTile, new KernelConfig(grid, new Index3D(LinearGroupTile.Items, 1, 1)),
                weight.Gpu(), PaddedRows.Of<T>(queue, x), epilogue.Bias.GpuOrNone(weight), epilogue.Residual.GpuOrNone(weight), (int)epilogue.Activation, y.Result());
        }
    }

    private static void GroupRows<T>(IlgpuQueue queue, LinearGroupKernels<T> kernels, Weight weight, Matrix x, Matrix y, Epilogue epilogue) where T : unmanaged, IElement<T>
    {
        int outputs = Groups(y.Columns, LinearGroupRow.Outputs(IsGated(epilogue))), chunks = Groups(x.Rows, x.Rows == 1 ? 1 : x.Rows <= 4 ? 4 : 8);
        int shares = LinearGroupRow.Shares(outputs * chunks, GroupsPerMultiprocessor * queue.Multiprocessors, x.Columns);
        Matrix? partials = shares > 1 ? queue.Scratch.Take(shares * x.Rows, weight.Rows) : null;
        MatrixView<Float32> bias = epilogue.Bias.GpuOrNone(weight), residual = epilogue.Residual.GpuOrNone(weight), none = default(Matrix?).GpuOrNone(weight);
        queue.Launch(x.Rows == 1 ? kernels.LinearGroupRow : x.Rows <= 4 ? kernels.LinearGroupRow4 : kernels.LinearGroupRow8,
            new KernelConfig(new Index3D(outputs, shares, chunks), new Index3D(LinearGroupRow.Items, 1, 1)),
            weight.Gpu(), PaddedRows.Of<T>(queue, x), bias, residual, (int)epilogue.Activation, partials?.Gpu() ?? none, y.Result());
        if (partials is { } sums)
            queue.Launch(queue.Kernels.LinearPartials, IlgpuQueue.Items(LinearPartials.Items(y.Rows, y.Columns)), sums.Gpu(), bias, residual, (int)epilogue.Activation, y.Result());
    }

    private static bool IsGated(Epilogue epilogue) => epilogue.Activation == Activation.SiluUp;

    private static int Groups(int count, int each) => (count + each - 1) / each;
}
