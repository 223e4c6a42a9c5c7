using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static unsafe partial class RoundRows
{
    private static void Cpu(CpuQueue queue, Matrix x, Weight weight)
        => queue.Workers.For(new Rows(new CpuRows(x), weight.Type, (ushort*)weight.Cpu()), x.Rows);

    private readonly struct Rows(CpuRows x, StorageType type, ushort* target) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                float* source = x[row];
                ushort* to = target + (long)row * x.Columns;
                if (type == StorageType.F16)
                {
                    for (int c = 0; c < x.Columns; c++) ((Half*)to)[c] = (Half)source[c];
                }
                else
                {
                    for (int c = 0; c < x.Columns; c++) BF16.Quantize(source + c, (BF16*)to + c);
                }
            }
        }
    }
}
