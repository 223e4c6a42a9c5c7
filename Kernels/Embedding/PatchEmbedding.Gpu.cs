using ILGPU;

namespace EdgeVideoLlava.Kernels;

public static partial class PatchEmbedding
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element of y.</summary>
    internal static void Kernel(Index1D item, MatrixView pixels, MatrixView weight, MatrixView classEmbedding, MatrixView position, int patch, MatrixView y)
    {
        if (item >= y.Rows * y.Columns) return;
        int row = item / y.Columns, d = item % y.Columns, picture = row / position.Rows, place = row % position.Rows;
        float embedded = place == 0 ? classEmbedding[0, d] : Patch(pixels, picture, place - 1, weight, d, patch);
        y[row, d] = embedded + position[place, d];
    }

    // A sum for each line of the patch, then their sum.
    private static float Patch(MatrixView pixels, int picture, int g, MatrixView weight, int d, int patch)
    {
        int size = pixels.Columns, grid = size / patch, top = g / grid * patch, left = g % grid * patch;
        float total = 0;
        for (int line = 0; line < 3 * patch; line++)
        {
            int row = (picture * 3 + line / patch) * size + top + line % patch;
            float sum = 0;
            for (int j = 0; j < patch; j++) sum += pixels[row, left + j] * weight[d, line * patch + j];
            total += sum;
        }
        return total;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix pixels, Weight weight, Matrix classEmbedding, Matrix position, int patch, Matrix y)
        => queue.Launch(queue.Kernels.PatchEmbedding, (long)y.Rows * y.Columns,
            pixels.Gpu(), weight.Gpu(), classEmbedding.Gpu(), position.Gpu(), patch, y.Gpu());
}
