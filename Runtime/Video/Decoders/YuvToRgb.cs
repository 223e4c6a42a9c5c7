namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>How much red and blue count in luma; the rest is green.</summary>
internal readonly record struct Luma(double Red, double Blue)
{
    /// <summary>ITU-R BT.601: what untagged clips are taken for, as in FFmpeg and so in the reference's reader.</summary>
    public static Luma Bt601 { get; } = new(0.299, 0.114);

    /// <summary>Of a matrix as ITU-T H.273 numbers them (AVColorSpace).</summary>
    public static Luma Of(int matrix) => matrix switch
    {
        1 => new Luma(0.2126, 0.0722), // BT.709
        4 => new Luma(0.30, 0.11), // FCC
        7 => new Luma(0.212, 0.087), // SMPTE 240M
        9 or 10 => new Luma(0.2627, 0.0593), // BT.2020, the constant-luminance one approximated as FFmpeg does
        _ => Bt601,
    };
}

/// <summary>Luma and chroma of 8 bits to RGB, with the arithmetic of FFmpeg's assembler: factors of 13 fractional bits, and each product
/// rounded down to a whole level.</summary>
/// <remarks>The reference's frames were made by it. Exact rounding would be 1 to 1.5 levels brighter on average.</remarks>
internal readonly struct YuvToRgb
{
    private const int FractionBits = 13;

    private readonly int black, scale, redOfV, greenOfU, greenOfV, blueOfU;

    /// <param name="full">Samples use 0..255 and not 16..235 (chroma: 16..240).</param>
    public YuvToRgb(Luma luma, bool full)
    {
        double chroma = full ? 1 : 255.0 / 224, green = 1 - luma.Red - luma.Blue;
        double red = 2 * (1 - luma.Red) * chroma, blue = 2 * (1 - luma.Blue) * chroma;
        black = full ? 0 : 16;
        scale = Fixed(full ? 1 : 255.0 / 219);
        (redOfV, blueOfU) = (Fixed(red), Fixed(blue));
        (greenOfU, greenOfV) = (Fixed(-blue * luma.Blue / green), Fixed(-red * luma.Red / green));

        static int Fixed(double value) => (int)Math.Round(value * (1 << FractionBits));
    }

    /// <summary>One row of pixels; each chroma sample colours <paramref name="chromaStep"/> of them.</summary>
    public void Row(ReadOnlySpan<byte> y, ReadOnlySpan<byte> u, ReadOnlySpan<byte> v, int chromaStep, Span<byte> rgb)
    {
        for (int from = 0, chroma = 0; from < y.Length; from += chromaStep, chroma++)
        {
            int blue = u[chroma] - 128, red = v[chroma] - 128;
            int r = Floor(redOfV * red), g = Floor(greenOfU * blue) + Floor(greenOfV * red), b = Floor(blueOfU * blue);
            for (int x = from; x < Math.Min(from + chromaStep, y.Length); x++)
            {
                int l = Floor(scale * (y[x] - black));
                rgb[3 * x] = Byte(l + r);
                rgb[3 * x + 1] = Byte(l + g);
                rgb[3 * x + 2] = Byte(l + b);
            }
        }
    }

    private static int Floor(int product) => product >> FractionBits;

    private static byte Byte(int value) => (byte)Math.Clamp(value, 0, 255);
}
