using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static unsafe partial class CopyRows
{
    // Memory-bound and rare: one thread.
    private static void Cpu(CpuQueue queue, Matrix x, Matrix y)
    {
        _ = queue;
        long size = x.Type.ElementBytes(), bytes = size * x.Columns;
        byte* source = (byte*)((CpuBuffer)x.Buffer).Address + size * x.Offset;
        byte* target = (byte*)((CpuBuffer)y.Buffer).Address + size * y.Offset;
        for (int row = 0; row < x.Rows; row++)
            Buffer.MemoryCopy(source + size * row * x.Stride, target + size * row * y.Stride, bytes, bytes);
    }
}
