using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static unsafe partial class QuantizeRows
{
    private static void Cpu(CpuQueue queue, Matrix x, Weight weight, IntVector misfits)
        => queue.Workers.For(new Rows(weight.Type, x.Cpu(), x.Stride, x.Columns, (byte*)weight.Cpu(), misfits.Cpu()), x.Rows);

    private readonly struct Rows(StorageType type, float* x, int strideX, int columns, byte* target, int* misfits) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            int bytes = (int)type.Bytes(columns);
            for (int row = begin; row < end; row++)
            {
                if (!Pack.FromFloats(type, new ReadOnlySpan<float>(x + (long)row * strideX, columns),
                    new Span<byte>(target + (long)row * bytes, bytes))) *misfits = 1;
            }
        }
    }
}
