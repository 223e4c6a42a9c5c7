using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Optimizer;

internal static unsafe partial class AdamW
{
    private static void Cpu(CpuQueue queue, Matrix value, Matrix gradient, Matrix first, Matrix second, in AdamWStep step)
    {
        var rows = new Rows(new CpuRows(value), new CpuRows(gradient), new CpuRows(first), new CpuRows(second), step);
        queue.Workers.For(rows, value.Rows, 4);
    }

    private readonly struct Rows(CpuRows value, CpuRows gradient, CpuRows first, CpuRows second, AdamWStep step) : ICpuJob
    {
        private readonly float keep = (float)(1 - step.Rate * step.WeightDecay);
        private readonly float size = (float)(step.Rate / (1 - Math.Pow(step.Beta1, step.Step)));
        private readonly float root = (float)Math.Sqrt(1 - Math.Pow(step.Beta2, step.Step));

        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            float keepFirst = (float)step.Beta1, addFirst = (float)(1 - step.Beta1), epsilon = (float)step.Epsilon;
            float keepSecond = (float)step.Beta2, addSecond = (float)(1 - step.Beta2);
            for (int row = begin; row < end; row++)
            {
                float* w = value[row], g = gradient[row], m = first[row], v = second[row];
                for (int c = 0; c < value.Columns; c++)
                {
                    float d = g[c] * step.GradientFactor;
                    m[c] = keepFirst * m[c] + addFirst * d;
                    v[c] = keepSecond * v[c] + addSecond * d * d;
                    w[c] = w[c] * keep - size * (m[c] / (MathF.Sqrt(v[c]) / root + epsilon));
                }
            }
        }
    }
}
