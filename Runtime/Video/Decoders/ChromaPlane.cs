namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>Chroma at the size of luma, as FFmpeg's scaler makes it: bicubic with a = -0.6, centres aligned, edges repeated.</summary>
internal static class ChromaPlane
{
    private const double A = -0.6;

    /// <summary>(toHeight, toWidth) bytes from (height, width).</summary>
    public static byte[] Resize(ReadOnlySpan<byte> plane, int width, int height, int toWidth, int toHeight)
    {
        var rows = new float[height * toWidth]; // across first
        float[] across = Taps(width, toWidth, out int[] columns), down = Taps(height, toHeight, out int[] lines);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < toWidth; x++)
            {
                float sum = 0;
                for (int tap = 0; tap < 4; tap++)
                    sum += across[4 * x + tap] * plane[y * width + Math.Clamp(columns[x] + tap, 0, width - 1)];
                rows[y * toWidth + x] = sum;
            }
        }
        var resized = new byte[toHeight * toWidth];
        for (int y = 0; y < toHeight; y++)
        {
            for (int x = 0; x < toWidth; x++)
            {
                float sum = 0;
                for (int tap = 0; tap < 4; tap++)
                    sum += down[4 * y + tap] * rows[Math.Clamp(lines[y] + tap, 0, height - 1) * toWidth + x];
                resized[y * toWidth + x] = (byte)Math.Clamp(MathF.Round(sum), 0, 255);
            }
        }
        return resized;
    }

    /// <summary>Four weights for each place, and the first sample that they weigh.</summary>
    private static float[] Taps(int size, int toSize, out int[] first)
    {
        var weights = new float[4 * toSize];
        first = new int[toSize];
        for (int i = 0; i < toSize; i++)
        {
            if (size == toSize)
            {
                (first[i], weights[4 * i]) = (i, 1);
                continue;
            }
            double centre = (i + 0.5) * size / toSize - 0.5;
            first[i] = (int)Math.Floor(centre) - 1;
            for (int tap = 0; tap < 4; tap++) weights[4 * i + tap] = (float)Weight(Math.Abs(centre - first[i] - tap));
        }
        return weights;
    }

    private static double Weight(double x)
        => x < 1 ? ((A + 2) * x - (A + 3)) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
}
