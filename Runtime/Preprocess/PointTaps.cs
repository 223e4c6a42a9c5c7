namespace EdgeVideoLlava.Runtime.Preprocess;

/// <summary>Source positions and weights of one axis for resampling without antialias, as torch's
/// interpolate(align_corners=False).</summary>
/// <remarks>
/// For output i of the whole axis: x = fma(in/out, i + 0.5, -0.5) in float32, which is where torch differs from a float64 implementation;
/// tap k lies at clamp(floor(x) + k - first, 0, in - 1). Positions, Weights: (Count, Taps).
/// </remarks>
internal sealed class PointTaps
{
    public int Taps { get; }
    public int[] Positions { get; }
    public float[] Weights { get; }

    private PointTaps(int taps, int count)
    {
        Taps = taps;
        Positions = new int[count * taps];
        Weights = new float[count * taps];
    }

    /// <summary>Two taps; the coordinate is not negative.</summary>
    public static PointTaps Bilinear(int input, int output, int first, int count)
    {
        var axis = new PointTaps(2, count);
        for (int i = 0; i < count; i++)
        {
            float x = input == output ? first + i : MathF.Max(Coordinate(input, output, first + i), 0f);
            int left = Math.Min((int)x, input - 1);
            float fraction = Math.Clamp(x - left, 0f, 1f);
            (axis.Positions[2 * i], axis.Positions[2 * i + 1]) = (left, Math.Min(left + 1, input - 1));
            (axis.Weights[2 * i], axis.Weights[2 * i + 1]) = (1f - fraction, fraction);
        }
        return axis;
    }

    /// <summary>Four taps of the cubic kernel with a = -0.75; overshoot is kept.</summary>
    public static PointTaps Bicubic(int input, int output, int first, int count)
    {
        var axis = new PointTaps(4, count);
        for (int i = 0; i < count; i++)
        {
            float x = input == output ? first + i : Coordinate(input, output, first + i);
            int floor = Math.Min((int)MathF.Floor(x), input - 1);
            float fraction = Math.Clamp(x - floor, 0f, 1f);
            for (int tap = 0; tap < 4; tap++) axis.Positions[4 * i + tap] = Math.Clamp(floor + tap - 1, 0, input - 1);
            Span<float> weights = axis.Weights.AsSpan(4 * i, 4);
            (weights[0], weights[1]) = (Outer(fraction + 1f), Inner(fraction));
            (weights[2], weights[3]) = (Inner(1f - fraction), Outer(1f - fraction + 1f));
        }
        return axis;
    }

    private static float Coordinate(int input, int output, int i) => MathF.FusedMultiplyAdd((float)input / output, i + 0.5f, -0.5f);

    private const float A = -0.75f;

    /// <summary>The cubic kernel at distance 0..1.</summary>
    private static float Inner(float x) => MathF.FusedMultiplyAdd(MathF.FusedMultiplyAdd(A + 2f, x, -(A + 3f)) * x, x, 1f);

    /// <summary>The cubic kernel at distance 1..2.</summary>
    private static float Outer(float x)
        => MathF.FusedMultiplyAdd(MathF.FusedMultiplyAdd(MathF.FusedMultiplyAdd(A, x, -5f * A), x, 8f * A), x, -4f * A);
}
