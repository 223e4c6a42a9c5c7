using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static unsafe partial class ConvertRows
{
    private static void Cpu(CpuQueue queue, Matrix x, Matrix y)
        => queue.Workers.For(new Rows(x.Type, Address(x), x.Stride, Address(y), y.Stride, x.Columns), x.Rows, 8);

    private static byte* Address(Matrix matrix) => (byte*)((CpuBuffer)matrix.Buffer).Address + matrix.Offset * matrix.Type.ElementBytes();

    private readonly struct Rows(StorageType from, byte* x, int strideX, byte* y, int strideY, int columns) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                if (from == StorageType.F32) ToHalves((float*)x + (long)row * strideX, (Half*)y + (long)row * strideY);
                else Unpack.ToFloats(from, x + 2L * row * strideX, (float*)y + (long)row * strideY, columns);
            }
        }

        private void ToHalves(float* source, Half* target)
        {
            for (int c = 0; c < columns; c++) target[c] = (Half)source[c];
        }
    }
}
