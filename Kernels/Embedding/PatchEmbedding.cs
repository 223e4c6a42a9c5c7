using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Embedding;

/// <summary>Pictures to patch embeddings with the class embedding in front and the positions added (CLIPVisionEmbeddings).</summary>
/// <remarks>
/// y[n,0] = class + position[0];   y[n,1+g] = Σ_{c,i,j} pixels[n,c,gy·s+i,gx·s+j] · W[d,(c,i,j)] + position[1+g],   g = gy · G + gx
/// pixels (N·3·S, S): picture, channel, row, column, S = G·s;  W (D, 3·s²);  class (1, D);  position (1+G², D);  y (N·(1+G²), D).
/// </remarks>
internal static partial class PatchEmbedding
{
    public static void Run(ComputeQueue queue, Matrix pixels, Weight weight, Matrix classEmbedding, Matrix position, int patch, Matrix y)
    {
        int size = pixels.Columns, grid = size / patch, positions = 1 + grid * grid, pictures = pixels.Rows / (3 * size);
        Shapes.Is(pixels, pictures * 3 * size, grid * patch);
        Shapes.Vector(classEmbedding, weight.Rows);
        Shapes.Is(position, positions, weight.Rows);
        Shapes.Is(y, pictures * positions, weight.Rows);
        if (weight.Columns != 3 * patch * patch)
            throw new ArgumentException($"{weight.Name} has {weight.Columns} columns, patches have {3 * patch * patch}");
        if (queue is CpuQueue cpu) Cpu(cpu, pixels, weight, classEmbedding, position, patch, y);
        else Gpu((IlgpuQueue)queue, pixels, weight, classEmbedding, position, patch, y);
    }
}
