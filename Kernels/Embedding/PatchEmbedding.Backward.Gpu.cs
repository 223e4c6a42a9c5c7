using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Embedding;

internal static partial class PatchEmbedding
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element of the weight's gradient.</summary>
    [Kernel]
    internal static void BackwardKernel(
        Index1D item, MatrixView<Float32> pixels, int patch, MatrixView<Float32> dy, MatrixView<Float32> dWeight)
    {
        if (item >= dWeight.Rows * dWeight.Columns) return;
        int d = item / dWeight.Columns, place = item % dWeight.Columns, size = pixels.Columns, grid = size / patch, patches = grid * grid;
        int channel = place / (patch * patch), inside = place % (patch * patch), i = inside / patch, j = inside % patch;
        int pictures = pixels.Rows / (3 * size);
        var sum = new CompensatedSum();
        for (int n = 0; n < pictures; n++)
        {
            for (int g = 0; g < patches; g++)
            {
                sum.Add(dy[n * (patches + 1) + 1 + g, d]
                    * pixels[(n * 3 + channel) * size + g / grid * patch + i, g % grid * patch + j]);
            }
        }
        dWeight[d, place] += sum.Total;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void BackwardGpu(
        IlgpuQueue queue, Matrix pixels, int patch, Matrix dy, Matrix? dWeight, Matrix? dClass, Matrix? dPosition)
    {
        int size = pixels.Columns, grid = size / patch, positions = 1 + grid * grid, pictures = pixels.Rows / (3 * size);
        for (int n = 0; n < pictures && dClass != null; n++) SumRows.Run(queue, dy.RowRange(n * positions, 1), dClass.Value);
        if (dPosition is { } dp) SumRows.Run(queue, dy, dp);
        if (dWeight is { } dw) queue.Launch(BackwardKernel, (long)dw.Rows * dw.Columns, pixels.Gpu(), patch, dy.Gpu(), dw.Gpu());
    }
}
