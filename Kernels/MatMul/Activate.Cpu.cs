using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.MatMul;

internal static unsafe partial class Activate
{
    private static void Forward(CpuQueue queue, Activation activation, Matrix z, Matrix y)
        => queue.Workers.For(new ForwardRows(activation, new CpuRows(z), new CpuRows(y)), z.Rows, 4);

    private static void Backward(CpuQueue queue, Activation activation, Matrix z, Matrix dy, Matrix dz)
        => queue.Workers.For(new BackwardRows(activation, new CpuRows(z), new CpuRows(dy), new CpuRows(dz)), z.Rows, 4);

    private readonly struct ForwardRows(Activation activation, CpuRows z, CpuRows y) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++) Lanes<Lanes1>(row, Lanes<V>(row, 0));
        }

        private int Lanes<V>(int row, int c) where V : unmanaged, ILanes<V>
        {
            float* source = z[row], up = source + y.Columns, target = y[row];
            for (; c + V.Count <= y.Columns; c += V.Count)
            {
                V x = V.Load(source + c);
                (activation switch
                {
                    Activation.Gelu => VectorMath.Gelu(x),
                    Activation.QuickGelu => VectorMath.QuickGelu(x),
                    Activation.SiluUp => VectorMath.Silu(x) * V.Load(up + c),
                    _ => x,
                }).Store(target + c);
            }
            return c;
        }
    }

    private readonly struct BackwardRows(Activation activation, CpuRows z, CpuRows dy, CpuRows dz) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++) Lanes<Lanes1>(row, Lanes<V>(row, 0));
        }

        private int Lanes<V>(int row, int c) where V : unmanaged, ILanes<V>
        {
            float* source = z[row], up = source + dy.Columns, gradient = dy[row], target = dz[row];
            for (; c + V.Count <= dy.Columns; c += V.Count)
            {
                V x = V.Load(source + c), g = V.Load(gradient + c);
                switch (activation)
                {
                    case Activation.Gelu: (g * VectorMath.GeluSlope(x)).Store(target + c); break;
                    case Activation.QuickGelu: (g * VectorMath.SigmoidSlope(x, 1.702f)).Store(target + c); break;
                    case Activation.SiluUp:
                        V u = V.Load(up + c);
                        (g * VectorMath.Silu(x)).Store(target + dy.Columns + c);
                        (g * u * VectorMath.SigmoidSlope(x, 1)).Store(target + c);
                        break;
                    default: g.Store(target + c); break;
                }
            }
            return c;
        }
    }
}
