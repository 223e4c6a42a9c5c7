using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;

namespace EdgeVideoLlava.Kernels.Embedding;

internal static unsafe partial class PatchEmbedding
{
    // A picture's patches are gathered into rows (im2col); one product then makes them all, with the positions as its residual.
    private static void Cpu(CpuQueue queue, Matrix pixels, Weight weight, Matrix classEmbedding, Matrix position, int patch, Matrix y)
    {
        int size = pixels.Columns, grid = size / patch, positions = position.Rows, pictures = pixels.Rows / (3 * size);
        using Arena.Scope scope = queue.Scratch.Begin();
        Matrix patches = queue.Scratch.Take(grid * grid, weight.Columns);
        for (int n = 0; n < pictures; n++)
        {
            Matrix picture = pixels.RowRange(n * 3 * size, 3 * size), target = y.RowRange(n * positions, positions);
            queue.Workers.For(new Gather(picture.Cpu(), pixels.Stride, size, patch, grid, patches.Cpu()), grid * grid, 16);
            Linear.Run(queue, weight, patches, target.RowRange(1, grid * grid), new Epilogue(Residual: position.RowRange(1, grid * grid)));
            float* first = target.Cpu(), c = classEmbedding.Cpu(), p = position.Cpu();
            for (int d = 0; d < weight.Rows; d++) first[d] = c[d] + p[d];
        }
    }

    private readonly struct Gather(float* picture, int stride, int size, int patch, int grid, float* patches) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int g = begin; g < end; g++)
            {
                float* target = patches + (long)g * 3 * patch * patch;
                for (int channel = 0; channel < 3; channel++)
                {
                    for (int i = 0; i < patch; i++)
                    {
                        float* source = picture + (long)(channel * size + g / grid * patch + i) * stride + g % grid * patch;
                        for (int j = 0; j < patch; j++) *target++ = source[j];
                    }
                }
            }
        }
    }
}
