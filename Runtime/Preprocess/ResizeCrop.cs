namespace EdgeVideoLlava.Runtime.Preprocess;

/// <summary>Sizes of "short side to S, then the S x S centre": what the picture becomes, and where the crop begins.</summary>
/// <remarks>The three rules differ for a few sizes (28x61: 487 or 488 rows) and for odd margins: they are kept apart on purpose.</remarks>
internal readonly record struct ResizeCrop(int Width, int Height, int Left, int Top)
{
    public static ResizeCrop For(PreprocessPreset preset, int width, int height, int size)
    {
        Func<int, int> margin = preset is PreprocessPreset.Hf or PreprocessPreset.HfTorchvision ? FloorMargin : EvenMargin;
        int Long(int @long, int @short) => preset == PreprocessPreset.OriginalVideo
            ? (int)Math.Floor((double)@long / @short * size)
            : (int)((double)((long)size * @long) / @short);
        int outWidth = width <= height ? size : Long(width, height);
        int outHeight = width <= height ? Long(height, width) : size;
        return new ResizeCrop(outWidth, outHeight, margin(outWidth - size), margin(outHeight - size));
    }

    /// <summary>torchvision: Python's round(margin / 2.0), ties to even.</summary>
    private static int EvenMargin(int margin) => (int)Math.Round(margin / 2.0, MidpointRounding.ToEven);

    /// <summary>transformers' Pillow path: margin // 2.</summary>
    private static int FloorMargin(int margin) => margin / 2;
}
