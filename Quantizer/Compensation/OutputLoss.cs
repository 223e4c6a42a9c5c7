using System.Numerics;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Quantizer.Compensation;

/// <summary>What rounding a matrix changes of its outputs on calibration data. Rows may be added from several threads.</summary>
internal sealed unsafe class OutputLoss(ErrorFeedback feedback)
{
    private readonly Lock turn = new();
    private double squares, errors, products, kept;

    /// <summary>Root mean square of the change over that of the outputs.</summary>
    public double RelativeError => squares > 0 ? Math.Sqrt(errors / squares) : 0;

    /// <summary>Cosine of the angle between the outputs before and after.</summary>
    public double Cosine => squares > 0 && kept > 0 ? products / Math.Sqrt(squares * kept) : 1;

    /// <param name="row">Of the matrix.</param>
    /// <param name="blocks">What is kept of it.</param>
    public void Add(ReadOnlySpan<float> row, ReadOnlySpan<byte> blocks, StorageType type)
    {
        var kept = new float[row.Length];
        fixed (byte* bytes = blocks) Unpack.ToFloats(type, bytes, kept);
        Add(row, kept);
    }

    /// <param name="row">Of the matrix.</param>
    /// <param name="result">What is kept of it.</param>
    public void Add(ReadOnlySpan<float> row, ReadOnlySpan<float> result)
    {
        int n = row.Length;
        float[] before = new float[n], after = new float[n];
        for (int p = 0; p < n; p++) (before[p], after[p]) = (row[feedback.Places[p]], result[feedback.Places[p]]);
        double rowSquares = 0, rowErrors = 0, rowProducts = 0, rowKept = 0;
        float[] one = Turned(before), other = Turned(after);
        for (int p = 0; p < n; p++)
        {
            double x = one[p], y = other[p], step = feedback.Steps[p];
            rowSquares += step * x * x;
            rowErrors += step * (x - y) * (x - y);
            rowProducts += step * x * y;
            rowKept += step * y * y;
        }
        lock (turn)
            (squares, errors, products, kept) = (squares + rowSquares, errors + rowErrors, products + rowProducts, kept + rowKept);
    }

    /// <summary>Lᵀ x.</summary>
    private float[] Turned(float[] x)
    {
        float[] sums = [.. x];
        fixed (float* target = sums)
        {
            for (int j = 1; j < x.Length; j++)
            {
                float* l = feedback.Row(j);
                int p = 0;
                for (; p + Vector<float>.Count <= j; p += Vector<float>.Count)
                    *(Vector<float>*)(target + p) += *(Vector<float>*)(l + p) * x[j];
                for (; p < j; p++) target[p] += l[p] * x[j];
            }
        }
        return sums;
    }
}
