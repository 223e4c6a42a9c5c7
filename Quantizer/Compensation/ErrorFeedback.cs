using System.Numerics;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Quantizer.Compensation;

/// <summary>What the columns still to be rounded must take over of the errors of those that are: of a matrix whose inputs x are known by
/// H = Σ x xᵀ.</summary>
/// <remarks>
/// Least Σ (eᵀx)² of a row's errors e, columns rounded one after the other: with H = L D Lᵀ, L unit lower triangular and columns in
/// <em>falling</em> places, column p is rounded to the level next to w_p + Σ_{j&gt;p} e_j L_jp, and the whole error is
/// Σ_p D_p (what was off there)². Source: Frantar et al., GPTQ, arXiv:2210.17323; in this form Chee et al., QuIP, arXiv:2307.13304.
/// Blocks of columns that share a scale stay together; those with the largest inputs are rounded first, and so are columns in a block.
/// </remarks>
internal sealed unsafe class ErrorFeedback : IDisposable
{
    private const int Panel = 48;

    private readonly HostMemory coefficients;

    /// <param name="squares">H, (n, n) float32; changed.</param>
    /// <param name="block">Columns of a block.</param>
    /// <param name="damping">Added to the diagonal, over its mean: inputs that calibration did not show.</param>
    public ErrorFeedback(float* squares, int n, int block, double damping, CancellationToken cancel)
    {
        (Columns, Block) = (n, block);
        Diagonal = [.. Enumerable.Range(0, n).Select(i => squares[(long)i * n + i])];
        Places = Order(Diagonal, block);
        double mean = Diagonal.Average(x => (double)x);
        Damping = mean > 0 ? damping * mean : 1;
        coefficients = Memory((long)n * n * sizeof(float));
        Steps = new float[n];
        using HostMemory factor = Memory((long)n * n * sizeof(double));
        var l = (double*)factor.Address;
        for (int p = 0; p < n; p++)
        {
            float* row = squares + (long)Places[p] * n;
            double* target = l + (long)p * n;
            for (int q = 0; q <= p; q++) target[q] = row[Places[q]];
            target[p] += Damping;
        }
        Factor(l, n, cancel);
        for (int p = 0; p < n; p++) Steps[p] = (float)(l[(long)p * n + p] * l[(long)p * n + p]);
        Parallel.For(0, n, row =>
        {
            double* from = l + (long)row * n;
            float* to = Row(row);
            for (int p = 0; p < row; p++) to[p] = (float)(from[p] / l[(long)p * n + p]);
        });
    }

    public int Columns { get; }

    public int Block { get; }

    /// <summary>Of H, without what is added: the sum of the squares of each column's inputs.</summary>
    public float[] Diagonal { get; }

    /// <summary>The column at each place; the last place is rounded first.</summary>
    public int[] Places { get; }

    /// <summary>D.</summary>
    public float[] Steps { get; }

    /// <summary>What was added to H's diagonal.</summary>
    public double Damping { get; }

    /// <summary>L_jp of a place j, for all p below it.</summary>
    public float* Row(int place) => (float*)coefficients.Address + (long)place * Columns;

    /// <summary>Bytes at the peak of making one, H included.</summary>
    public static long PeakBytes(long n) => n * n * (2 * sizeof(float) + sizeof(double));

    public void Dispose() => coefficients.Dispose();

    private static HostMemory Memory(long bytes)
        => new(bytes, mebibytes => $"no memory for {mebibytes} MiB to make up for rounding errors; close other programs");

    private static int[] Order(float[] diagonal, int block) =>
    [
        .. Enumerable.Range(0, diagonal.Length / block).OrderBy(i => diagonal.AsSpan(i * block, block).ToArray().Sum(x => (double)x))
            .SelectMany(i => Enumerable.Range(i * block, block).OrderBy(column => diagonal[column])),
    ];

    /// <summary>The lower triangle of a positive definite matrix to its Cholesky factor.</summary>
    private static void Factor(double* a, int n, CancellationToken cancel)
    {
        for (int first = 0; first < n; first += Panel)
        {
            cancel.ThrowIfCancellationRequested();
            int begin = first, end = Math.Min(n, first + Panel);
            Parallel.For(0, (n - begin + 3) / 4, i => Subtract(a, n, begin, end, begin + 4 * i, Math.Min(n, begin + 4 * i + 4)));
            for (int row = begin; row < end; row++) Solve(a, n, begin, row, Math.Min(end, row + 1));
            Parallel.For(end, n, row => Solve(a, n, begin, row, end));
        }
    }

    /// <summary>Rows from..to, columns begin..end: less the products of what is factored already.</summary>
    private static void Subtract(double* a, int n, int begin, int end, int from, int to)
    {
        for (int row = from; row < to; row++)
        {
            double* one = a + (long)row * n;
            int column = begin, last = Math.Min(end, row + 1);
            for (; column + 4 <= last; column += 4)
            {
                double* other = a + (long)column * n;
                Vector<double> s0 = default, s1 = default, s2 = default, s3 = default;
                int k = 0;
                for (; k + Vector<double>.Count <= begin; k += Vector<double>.Count)
                {
                    Vector<double> x = *(Vector<double>*)(one + k);
                    s0 += x * *(Vector<double>*)(other + k);
                    s1 += x * *(Vector<double>*)(other + n + k);
                    s2 += x * *(Vector<double>*)(other + 2L * n + k);
                    s3 += x * *(Vector<double>*)(other + 3L * n + k);
                }
                double t0 = Vector.Sum(s0), t1 = Vector.Sum(s1), t2 = Vector.Sum(s2), t3 = Vector.Sum(s3);
                for (; k < begin; k++)
                    (t0, t1, t2, t3) = (t0 + one[k] * other[k], t1 + one[k] * other[n + k], t2 + one[k] * other[2L * n + k],
                        t3 + one[k] * other[3L * n + k]);
                (one[column], one[column + 1], one[column + 2], one[column + 3])
                    = (one[column] - t0, one[column + 1] - t1, one[column + 2] - t2, one[column + 3] - t3);
            }
            for (; column < last; column++) one[column] -= Dot(one, a + (long)column * n, 0, begin);
        }
    }

    /// <summary>Columns begin..end of a row, by the factor's rows of the same places.</summary>
    private static void Solve(double* a, int n, int begin, int row, int end)
    {
        double* one = a + (long)row * n;
        for (int column = begin; column < end; column++)
        {
            double* other = a + (long)column * n;
            double rest = one[column] - Dot(one, other, begin, column);
            one[column] = column == row ? Math.Sqrt(Math.Max(rest, double.Epsilon)) : rest / other[column];
        }
    }

    private static double Dot(double* a, double* b, int from, int to)
    {
        double sum = 0;
        for (int i = from; i < to; i++) sum += a[i] * b[i];
        return sum;
    }
}
