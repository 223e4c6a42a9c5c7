using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Embedding;

internal static partial class PatchEmbedding
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one pixel of a picture's patches: patches[g, (c, i, j)] = pixels[c, gy·s + i, gx·s + j].</summary>
    [Kernel]
    internal static void Kernel<T>(Index1D item, MatrixView<Float32> picture, int patch, MatrixView<T> patches)
        where T : unmanaged, IElement<T>
    {
        if (item >= patches.Rows * patches.Columns) return;
        int g = item / patches.Columns, place = item % patches.Columns, line = place / patch, size = picture.Columns, grid = size / patch;
        patches[g, place] = picture[line / patch * size + g / grid * patch + line % patch, g % grid * patch + place % patch];
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    // As on the CPU: one product makes all embeddings of a picture, with the positions as its residual.
    private static void Gpu(IlgpuQueue queue, Matrix pixels, Weight weight, Matrix classEmbedding, Matrix position, int patch, Matrix y)
    {
        if (queue.Device.ActivationType == StorageType.F16) Gpu<Float16>(queue, pixels, weight, classEmbedding, position, patch, y);
        else Gpu<Float32>(queue, pixels, weight, classEmbedding, position, patch, y);
    }

    private static void Gpu<T>(IlgpuQueue queue, Matrix pixels, Weight weight, Matrix classEmbedding, Matrix position, int patch, Matrix y)
        where T : unmanaged, IElement<T>
    {
        int size = pixels.Columns, positions = position.Rows;
        using Arena.Scope scope = queue.Scratch.Begin();
        Matrix patches = queue.Scratch.TakeActivations(positions - 1, weight.Columns);
        for (int n = 0; n < y.Rows / positions; n++)
        {
            Matrix picture = pixels.RowRange(n * 3 * size, 3 * size), target = y.RowRange(n * positions, positions);
            queue.Launch(Kernel, (long)patches.Rows * patches.Columns, picture.Gpu(), patch, patches.Gpu<T>());
            Linear.Run(queue, weight, patches, target.RowRange(1, positions - 1),
                new Epilogue(Residual: position.RowRange(1, positions - 1)));
            AddRows.Run(queue, classEmbedding, position.RowRange(0, 1), 1, target.RowRange(0, 1));
        }
    }
}
