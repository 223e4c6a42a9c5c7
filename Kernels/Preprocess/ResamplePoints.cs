using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Preprocess;

/// <summary>Frames to pixel values by sums of few points in float32 (torch's interpolate without antialias), then normalised.</summary>
/// <remarks>
/// y[f,c,j,i] = (Σ_k rows.weight[j,k] · Σ_l columns.weight[i,l] · colours[c, rgb[rows.position[j,k],
/// columns.position[i,l], c]] − mean[c]) / deviation[c]
/// frames (F, H, W, 3);  colours (3, 259): in columns 0..255 what a byte stands for, in 256 the background outside of the frame, in 257 the
/// mean, in 258 the deviation (0 and 1 leave the sums as they are);  y (F · 3 · rows.Count, columns.Count).
/// </remarks>
internal static partial class ResamplePoints
{
    internal const int Background = 256, Mean = 257, Deviation = 258;

    public static void Run(ComputeQueue queue, RgbFrames frames, PointAxis columns, PointAxis rows, Matrix colours, Matrix y)
    {
        frames.Check();
        Shapes.Is(colours, 3, Deviation + 1);
        Shapes.Is(y, checked(frames.Count * 3 * rows.Count), columns.Count);
        if (queue is CpuQueue cpu) Cpu(cpu, frames, columns, rows, colours, y);
        else Gpu((IlgpuQueue)queue, frames, columns, rows, colours, y);
    }
}
