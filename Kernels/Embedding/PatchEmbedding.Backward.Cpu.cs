using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.MatMul;

namespace EdgeVideoLlava.Kernels.Embedding;

internal static unsafe partial class PatchEmbedding
{
    private static void Backward(CpuQueue queue, Matrix pixels, int patch, Matrix dy, Matrix? dWeight, Matrix? dClass, Matrix? dPosition)
    {
        int size = pixels.Columns, grid = size / patch, positions = 1 + grid * grid, pictures = pixels.Rows / (3 * size);
        using Arena.Scope scope = queue.Scratch.Begin();
        Matrix patches = queue.Scratch.Take(grid * grid, 3 * patch * patch);
        for (int n = 0; n < pictures; n++)
        {
            Matrix rows = dy.RowRange(n * positions, positions);
            if (dClass is { } dc) SumRows.Run(queue, rows.RowRange(0, 1), dc);
            if (dWeight is not { } dw) continue;
            Matrix picture = pixels.RowRange(n * 3 * size, 3 * size);
            queue.Workers.For(new Gather(picture.Cpu(), pixels.Stride, size, patch, grid, patches.Cpu()), grid * grid, 16);
            Linear.WeightBackward(queue, rows.RowRange(1, grid * grid), patches, dw);
        }
        if (dPosition is { } dp) SumRows.Run(queue, dy, dp);
    }
}
