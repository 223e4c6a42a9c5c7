using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static unsafe partial class DequantizeRows
{
    private static void Cpu(CpuQueue queue, Weight weight, int first, Matrix y)
    {
        long bytes = weight.Type.Bytes(weight.Columns);
        queue.Workers.For(new Rows(weight.Type, (byte*)weight.Cpu() + first * bytes, bytes, weight.Columns, y.Cpu(), y.Stride), y.Rows);
    }

    private readonly struct Rows(StorageType type, byte* source, long bytes, int columns, float* y, int strideY) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++) Unpack.ToFloats(type, source + row * bytes, y + (long)row * strideY, columns);
        }
    }
}
