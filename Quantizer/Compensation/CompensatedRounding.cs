using System.Numerics;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Quantizer.Compensation;

/// <summary>Rounds the rows of a matrix to blocks so that its outputs on calibration data change least.</summary>
/// <remarks>A block's scales are found when its turn comes, by the search for an importance of each column; its levels follow one by one,
/// each next to what the errors before it leave (<see cref="ErrorFeedback"/>).</remarks>
internal sealed unsafe class CompensatedRounding(StorageType type, ErrorFeedback feedback, float[] importance)
{
    /// <summary>Rows that are rounded together.</summary>
    public const int Rows = 4;

    private readonly BlockFormat format = BlockFormat.Of(type)!;
    private readonly LevelFormat grids = BlockFormat.Of(type)!.Grids!;

    /// <summary>Whether the blocks of a type have levels to choose.</summary>
    public static bool Takes(StorageType type) => BlockFormat.Of(type)?.Grids != null;

    /// <param name="rows"><see cref="Rows"/> rows of numbers, one behind the other; fewer are filled up with zeros.</param>
    /// <param name="target">Their blocks.</param>
    /// <returns>Whether all scales fit.</returns>
    public bool Run(ReadOnlySpan<float> rows, Span<byte> target)
    {
        int n = feedback.Columns, block = format.Columns, rowBytes = target.Length / Rows;
        var errors = new float[Rows * n];
        Span<float> meanSquares = stackalloc float[Rows];
        for (int r = 0; r < Rows; r++) meanSquares[r] = (float)rows.Slice(r * n, n).ToArray().Average(x => (double)x * x);
        bool fit = true;
        float* sums = stackalloc float[Rows * block];
        fixed (float* weights = rows, e = errors)
        fixed (byte* bytes = target)
        {
            for (int place = n - block; place >= 0; place -= block)
            {
                Feed(e, place, block, sums);
                int first = feedback.Places.AsSpan(place, block).ToArray().Min();
                for (int r = 0; r < Rows; r++)
                    fit &= Round(weights + r * n, meanSquares[r], e + r * n, place, first, sums + r * block,
                        bytes + r * rowBytes + first / block * format.Bytes);
            }
        }
        return fit;
    }

    /// <summary>What the columns of a block take over from all before it, of each row.</summary>
    private void Feed(float* errors, int place, int block, float* sums)
    {
        int n = feedback.Columns, width = Vector<float>.Count;
        for (int column = 0; column < block; column += width)
        {
            Vector<float> s0 = default, s1 = default, s2 = default, s3 = default;
            for (int j = place + block; j < n; j++)
            {
                Vector<float> l = *(Vector<float>*)(feedback.Row(j) + place + column);
                s0 += l * errors[j];
                s1 += l * errors[n + j];
                s2 += l * errors[2 * n + j];
                s3 += l * errors[3 * n + j];
            }
            *(Vector<float>*)(sums + column) = s0;
            *(Vector<float>*)(sums + block + column) = s1;
            *(Vector<float>*)(sums + 2 * block + column) = s2;
            *(Vector<float>*)(sums + 3 * block + column) = s3;
        }
    }

    private bool Round(float* weights, float meanSquare, float* errors, int place, int first, float* sums, byte* target)
    {
        int block = format.Columns;
        float* wanted = stackalloc float[block], scales = stackalloc float[block], offsets = stackalloc float[block];
        byte* levels = stackalloc byte[block];
        for (int i = 0; i < block; i++)
        {
            int column = feedback.Places[place + i];
            wanted[column - first] = weights[column] + sums[i];
        }
        fixed (float* matters = importance)
            if (!format.QuantizeWeighted(wanted, matters + first, meanSquare, target, 1)) return false;
        grids.Grid(target, scales, offsets);
        for (int i = block - 1; i >= 0; i--)
        {
            int column = feedback.Places[place + i], group = (column - first) / grids.Group;
            float x = weights[column] + sums[i], scale = scales[group];
            int level = scale == 0 ? 0 : (int)Math.Clamp(MathF.Round((x - offsets[group]) / scale), 0, grids.Top);
            levels[column - first] = (byte)level;
            float error = weights[column] - (scale * level + offsets[group]);
            errors[place + i] = error;
            float* l = feedback.Row(place + i) + place;
            for (int j = 0; j < i; j++) sums[j] += error * l[j];
        }
        grids.PutLevels(target, levels);
        return true;
    }
}
