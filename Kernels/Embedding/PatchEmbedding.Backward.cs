using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Embedding;

// no gpu: a backward runs on the processor
// no benchmark: its product is measured with a training step
/// <summary>Backward of the patch embedding; pixels learn nothing.</summary>
/// <remarks>
/// dW[d,(c,i,j)] += Σ_{n,g} dy[n,1+g,d] · pixels of patch g;   dClass += Σ_n dy[n,0];   dPosition[p] += Σ_n dy[n,p]
/// Shapes as in the forward; each gradient may be absent, where its parameter is frozen.
/// </remarks>
internal static partial class PatchEmbedding
{
    public static void Backward(ComputeQueue queue, Matrix pixels, int patch, Matrix dy, Matrix? dWeight, Matrix? dClass, Matrix? dPosition)
    {
        int size = pixels.Columns, grid = size / patch, positions = 1 + grid * grid, pictures = pixels.Rows / (3 * size);
        Shapes.Is(pixels, pictures * 3 * size, grid * patch);
        Shapes.Is(dy, pictures * positions, dy.Columns);
        if (dWeight is { } dw) Shapes.Is(dw, dy.Columns, 3 * patch * patch);
        if (dClass is { } dc) Shapes.Vector(dc, dy.Columns);
        if (dPosition is { } dp) Shapes.Is(dp, positions, dy.Columns);
        Backward(CpuQueue.Of(queue), pixels, patch, dy, dWeight, dClass, dPosition);
    }
}
