using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Preprocess;

/// <summary>Frames to pixel values by sums of bytes in whole numbers, rounded to bytes after each axis (as Pillow and
/// torch resize bytes): the same bits on every device.</summary>
/// <remarks>
/// line[r,i] = byte(Σ_k columns.weight[i,k] · rgb[r, columns.start[i] + k]);   byte(s) = (s + 2^(p−1)) >> p, cut to 0..255
/// y[f,c,j,i] = table[c, byte(Σ_k rows.weight[j,k] · line[rows.start[j] + k, i])]
/// frames (F, H, W, 3);  table (3, 256), what a byte stands for;  y (F · 3 · rows.Count, columns.Count).
/// </remarks>
internal static partial class ResampleBytes
{
    public static void Run(ComputeQueue queue, RgbFrames frames, FixedPointAxis columns, FixedPointAxis rows, Matrix table, Matrix y)
    {
        frames.Check();
        columns.Check(frames.Width, nameof(columns));
        rows.Check(frames.Height, nameof(rows));
        Shapes.Is(table, 3, 256);
        Shapes.Is(y, checked(frames.Count * 3 * rows.Count), columns.Count);
        if (queue is CpuQueue cpu) Cpu(cpu, frames, columns, rows, table, y);
        else Gpu((IlgpuQueue)queue, frames, columns, rows, table, y);
    }
}
