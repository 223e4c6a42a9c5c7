namespace EdgeVideoLlava.Runtime.Preprocess;

/// <summary>CLIP's mean and standard deviation per channel (RGB), used by every variant of the model.</summary>
internal static class Normalization
{
    public static ReadOnlySpan<float> Mean => [0.48145466f, 0.4578275f, 0.40821073f];
    public static ReadOnlySpan<float> Std => [0.26862954f, 0.26130258f, 0.27577711f];

    /// <summary>Colour of the border that makes a picture square: (int)(mean * 255) per channel.</summary>
    public static ReadOnlySpan<byte> Background => [122, 116, 104];

    /// <summary>(3, 256): byte to float by channel, x / 255.</summary>
    public static float[] UnitTable() => Table((_, value) => value);

    /// <summary>(3, 256): byte to float by channel, (x / 255 - mean) / std.</summary>
    public static float[] NormalizedTable() => Table((channel, value) => (value - Mean[channel]) / Std[channel]);

    private static float[] Table(Func<int, float, float> map)
    {
        var table = new float[3 * 256];
        for (int i = 0; i < table.Length; i++) table[i] = map(i >> 8, (i & 255) / 255f);
        return table;
    }
}
