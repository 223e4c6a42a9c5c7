using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels;

/// <summary>Eight numbers in registers: eight consecutive columns, or eight sums that do not wait for each other.</summary>
/// <remarks>Fields, not an array: ILGPU unrolls no loop, and an array indexed by a variable lies in local memory.</remarks>
internal struct F8
{
    public float X0, X1, X2, X3, X4, X5, X6, X7;

    public readonly float Sum => X0 + X1 + (X2 + X3) + (X4 + X5 + (X6 + X7));

    /// <summary>sum + a · b, number by number.</summary>
    public static F8 Add(F8 sum, F8 a, F8 b)
    {
        sum.X0 += a.X0 * b.X0;
        sum.X1 += a.X1 * b.X1;
        sum.X2 += a.X2 * b.X2;
        sum.X3 += a.X3 * b.X3;
        sum.X4 += a.X4 * b.X4;
        sum.X5 += a.X5 * b.X5;
        sum.X6 += a.X6 * b.X6;
        sum.X7 += a.X7 * b.X7;
        return sum;
    }

    public static F8 Load(ArrayView<float> data, int i) => new()
    {
        X0 = data[i],
        X1 = data[i + 1],
        X2 = data[i + 2],
        X3 = data[i + 3],
        X4 = data[i + 4],
        X5 = data[i + 5],
        X6 = data[i + 6],
        X7 = data[i + 7],
    };

    /// <summary>The first <paramref name="count"/> (1..7) of eight; the others are 0 and are not read.</summary>
    public static F8 LoadFirst(ArrayView<float> data, int i, int count) => new()
    {
        X0 = data[i],
        X1 = At(data, i, 1, count),
        X2 = At(data, i, 2, count),
        X3 = At(data, i, 3, count),
        X4 = At(data, i, 4, count),
        X5 = At(data, i, 5, count),
        X6 = At(data, i, 6, count),
    };

    // The address is inside whichever branch the compiler makes of it.
    private static float At(ArrayView<float> data, int i, int k, int count)
    {
        float value = data[i + XMath.Min(k, count - 1)];
        return k < count ? value : 0f;
    }
}
