using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>How a kernel quantizes 32 numbers: the rule of the block of the same name, with its order of float32
/// operations, so that the bits agree.</summary>
/// <remarks>No product may be fused with a sum, and no division be less than exact: see each.</remarks>
internal interface IDeviceBlock
{
    /// <summary>Levels in a word of the device's layout.</summary>
    int InWord { get; }

    /// <param name="extreme">The number of largest magnitude with its sign, the first of several.</param>
    float Step(float extreme);

    /// <summary>The bits of a level.</summary>
    /// <param name="inverse">Of the step before its rounding to binary16; infinite for a subnormal one.</param>
    uint Level(float number, float inverse);
}

/// <summary>As <see cref="Q8_0"/>, laid out as <see cref="DeviceQ8_0"/>.</summary>
internal readonly struct DeviceBlockQ8_0 : IDeviceBlock
{
    public int InWord => 4;

    public float Step(float extreme) => DeviceMath.Divide(extreme < 0 ? -extreme : extreme, 127f);

    // Halves away from zero; a fraction is exact, where adding 1/2 would round. 0 times infinity is level 0: asked for by
    // its factors, because ILGPU's comparisons do not recognise a NaN on every back end.
    public int SignedLevel(float number, float inverse)
    {
        if (number == 0) return 0;
        float quotient = number * inverse, size = quotient < 0 ? -quotient : quotient;
        int level = 127;
        if (size < 127.5f)
        {
            level = (int)size;
            if (size - level >= 0.5f) level++;
            level = XMath.Min(level, 127);
        }
        return quotient < 0 ? -level : level;
    }

    public uint Level(float number, float inverse) => (uint)SignedLevel(number, inverse) & 255u;
}

/// <summary>As <see cref="Q4_0"/>, laid out as <see cref="DeviceQ4_0"/>.</summary>
internal readonly struct DeviceBlockQ4_0 : IDeviceBlock
{
    public int InWord => 8;

    public float Step(float extreme) => extreme * -0.125f;

    // The maximum stands between product and sum so that no compiler makes one operation of them. 0 times infinity is level 0 here, too.
    public uint Level(float number, float inverse)
    {
        if (number == 0 && XMath.Abs(inverse) > float.MaxValue) return 0;
        float level = XMath.Max(number * inverse, -1e30f) + 8.5f;
        return level >= 15f ? 15u : level >= 1f ? (uint)level : 0u;
    }
}
