using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>y[r, h·d + c] = levels[r, h·d + c] · scales[r, h]: rows of a cache of bytes as numbers.</summary>
/// <remarks>x <see cref="HeadRows"/> of bytes (R, G·d);  y (R, G·d) float32, on an accelerator also binary16.</remarks>
internal static partial class DequantizeHeads
{
    public static void Run(ComputeQueue queue, HeadRows x, int headSize, Matrix y)
    {
        HeadRows.Check(x, x, headSize);
        Shapes.Same(x.Numbers, y);
        if (!x.AreBytes) throw new ArgumentException($"rows of {x.Numbers.Type} are numbers already");
        if (queue is CpuQueue cpu) Cpu(cpu, x, headSize, y);
        else Gpu((IlgpuQueue)queue, x, headSize, y);
    }
}
