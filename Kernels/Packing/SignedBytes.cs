namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>Numbers as signed bytes that share a scale: x = scale · level.</summary>
/// <remarks>scale = max|x| / 127; level = x / scale rounded half away from zero.</remarks>
internal static unsafe class SignedBytes
{
    public const int Largest = 127;

    /// <returns>The scale.</returns>
    public static float Quantize(float* source, int count, sbyte* levels)
    {
        float largest = 0;
        for (int i = 0; i < count; i++) largest = MathF.Max(largest, MathF.Abs(source[i]));
        float scale = largest / Largest, inverse = scale != 0 ? 1 / scale : 0;
        // The clamp is for a subnormal scale only, whose inverse is infinite.
        for (int i = 0; i < count; i++)
            levels[i] = (sbyte)Math.Clamp((int)MathF.Round(source[i] * inverse, MidpointRounding.AwayFromZero), -Largest, Largest);
        return scale;
    }
}
