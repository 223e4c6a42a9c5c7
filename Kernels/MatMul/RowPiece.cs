using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>256 columns of a row of x as signed bytes: 8 groups of 32, x = scale · level, scale = max|x| / 127, levels rounded to the
/// nearest, halves to even.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RowPiece
{
    public const int Columns = PanelShape.Columns;
    public const int Group = PanelShape.Group;

    /// <summary>Below it a group is zero: the inverse would not be finite.</summary>
    private const float SmallestScale = 1e-36f;

    /// <summary>Bytes before each field, for assembled products.</summary>
    public const int StartsAt = Columns, ScalesAt = StartsAt + 64, SumsAt = ScalesAt + 32;

    public fixed sbyte Levels[Columns];

    /// <summary>−offset · Σ levels of each group, or of each 16 columns where the weight's groups are halved.</summary>
    public fixed int Starts[16];
    public fixed float Scales[8];

    /// <summary>scale · Σ levels of each group.</summary>
    public fixed float Sums[8];

    /// <param name="offset">That the weight's levels have.</param>
    public void Quantize<TBlocks>(float* x, int groups, int offset) where TBlocks : IIntegerBlocks
    {
        for (int g = 0; g < groups; g++, x += Group)
        {
            Vector256<float> a = Vector256.Load(x), b = Vector256.Load(x + 8), c = Vector256.Load(x + 16), d = Vector256.Load(x + 24);
            Vector256<float> most = Vector256.Max(Vector256.Max(Vector256.Abs(a), Vector256.Abs(b)),
                Vector256.Max(Vector256.Abs(c), Vector256.Abs(d)));
            float scale = Largest(most) / SignedBytes.Largest;
            Vector256<float> inverse = Vector256.Create(scale < SmallestScale ? 0 : 1 / scale);
            Vector256<int> ia = Round(a * inverse), ib = Round(b * inverse), ic = Round(c * inverse), id = Round(d * inverse);
            fixed (sbyte* levels = Levels) Vector256.Narrow(Vector256.Narrow(ia, ib), Vector256.Narrow(ic, id)).Store(levels + g * Group);
            int low = Vector256.Sum(ia + ib), high = Vector256.Sum(ic + id);
            Scales[g] = scale < SmallestScale ? 0 : scale;
            Sums[g] = Scales[g] * (low + high);
            if (TBlocks.IsHalved) (Starts[2 * g], Starts[2 * g + 1]) = (-offset * low, -offset * high);
            else Starts[g] = -offset * (low + high);
        }
    }

    /// <summary>What rounding left: rest = x − scale · level.</summary>
    public void Rest(float* x, int groups, float* rest)
    {
        for (int i = 0; i < groups * Group; i++) rest[i] = x[i] - Scales[i / Group] * Levels[i];
    }

    private static Vector256<int> Round(Vector256<float> x) => Vector256.ConvertToInt32(Vector256.Round(x));

    /// <summary>NaN if one is NaN.</summary>
    private static float Largest(Vector256<float> a)
    {
        Vector128<float> b = Vector128.Max(a.GetLower(), a.GetUpper());
        return MathF.Max(MathF.Max(b[0], b[1]), MathF.Max(b[2], b[3]));
    }
}
