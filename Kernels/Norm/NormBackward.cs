using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Norm;

/// <summary>The backward of both norms on the processor: n = (x − mean) · scale, y = n · w + b.</summary>
/// <param name="Statistics">(T, 2), mean and scale; (T, 1), the scale alone, where the norm does not centre.</param>
internal readonly unsafe record struct NormBackward(CpuRows X, CpuRows Statistics, CpuRows Dy)
{
    private bool Centred => Statistics.Columns == 2;

    private (float Mean, float Scale) Of(int row)
        => Centred ? (Statistics[row][0], Statistics[row][1]) : (0, Statistics[row][0]);

    /// <summary>dx = residual + scale · (w dy − mean(w dy) − n · mean(w dy n)); without the first mean where nothing is centred.</summary>
    public static void Inputs(CpuQueue queue, NormBackward norm, Matrix weight, Matrix dx, Matrix? residual)
        => queue.Workers.For(new Rows(norm, weight.Cpu(), new CpuRows(dx), new CpuRows(residual)), dx.Rows, 4);

    /// <summary>dw += Σ_t dy n;   db += Σ_t dy.</summary>
    public static void Weights(CpuQueue queue, NormBackward norm, Matrix? dWeight, Matrix? dBias)
    {
        var columns = new Columns(norm, dWeight.CpuOrNull(), dBias.CpuOrNull());
        queue.Workers.For(columns, (norm.X.Columns + Columns.Width - 1) / Columns.Width);
    }

    private readonly struct Rows(NormBackward norm, float* weight, CpuRows dx, CpuRows residual) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                (float mean, float scale) = norm.Of(row);
                (double sum, double product) = Sums(norm.X[row], norm.Dy[row], mean, scale);
                float shift = norm.Centred ? (float)(sum / dx.Columns) : 0, slope = (float)(product / dx.Columns);
                Write<Lanes1>(row, mean, scale, shift, slope, Write<V>(row, mean, scale, shift, slope, 0));
            }
        }

        private (double Sum, double Product) Sums(float* x, float* dy, float mean, float scale)
        {
            double sum = 0, product = 0;
            for (int c = 0; c < dx.Columns; c++)
            {
                double weighted = (double)dy[c] * weight[c];
                sum += weighted;
                product += weighted * (x[c] - mean);
            }
            return (sum, product * scale);
        }

        private int Write<V>(int row, float mean, float scale, float shift, float slope, int c) where V : unmanaged, ILanes<V>
        {
            float* x = norm.X[row], dy = norm.Dy[row], target = dx[row];
            V centre = V.All(mean), factor = V.All(scale), constant = V.All(shift), along = V.All(slope);
            for (; c + V.Count <= dx.Columns; c += V.Count)
            {
                V n = (V.Load(x + c) - centre) * factor;
                V d = (V.Load(dy + c) * V.Load(weight + c) - constant - n * along) * factor;
                if (residual.Exist) d += V.Load(residual[row] + c);
                d.Store(target + c);
            }
            return c;
        }
    }

    /// <summary>One item is some columns of all rows.</summary>
    private readonly struct Columns(NormBackward norm, float* dWeight, float* dBias) : ICpuJob
    {
        public const int Width = 64;

        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            double* products = stackalloc double[2 * Width], sums = products + Width;
            for (int item = begin; item < end; item++)
            {
                int first = item * Width, count = Math.Min(Width, norm.X.Columns - first);
                new Span<double>(products, 2 * Width).Clear();
                for (int row = 0; row < norm.X.Count; row++)
                {
                    (float mean, float scale) = norm.Of(row);
                    float* x = norm.X[row] + first, dy = norm.Dy[row] + first;
                    for (int c = 0; c < count; c++)
                    {
                        products[c] += (double)dy[c] * ((x[c] - mean) * scale);
                        sums[c] += dy[c];
                    }
                }
                for (int c = 0; c < count; c++)
                {
                    if (dWeight != null) dWeight[first + c] = (float)(dWeight[first + c] + products[c]);
                    if (dBias != null) dBias[first + c] = (float)(dBias[first + c] + sums[c]);
                }
            }
        }
    }
}
