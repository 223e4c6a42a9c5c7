namespace EdgeVideoLlava.Runtime.Preprocess;

/// <summary>All resampling of pictures. Only the rows and columns that survive the crop are computed.</summary>
/// <remarks>
/// Variants: bilinear_noaa and bicubic_noaa (float, <see cref="PointTaps"/>), bicubic_pil and bicubic_torch_aa (bytes,
/// <see cref="AntialiasTaps"/>, which differ in the precision of the weights). Both run along rows first, then along columns.
/// </remarks>
internal static class Resampler
{
    /// <summary>Bits of the weights.</summary>
    public const int PillowPrecision = 22;

    /// <summary>Bilinear or bicubic without antialias, depending on the axes' taps.</summary>
    /// <param name="canvas">The picture, with its border where it has one.</param>
    /// <param name="table">(3, 256): what a byte stands for, by channel.</param>
    /// <param name="chw">(3, rows, columns) result.</param>
    public static void Point(Canvas canvas, float[] table, PointTaps columns, PointTaps rows, Span<float> chw)
    {
        int width = columns.Positions.Length / columns.Taps, height = rows.Positions.Length / rows.Taps, taps = rows.Taps;
        // Rows already resampled along x, one slot for each tap: neighbouring outputs share most of them.
        var lines = new float[taps][];
        var held = new int[taps];
        Array.Fill(held, -1);
        for (int slot = 0; slot < taps; slot++) lines[slot] = new float[3 * width];
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<int> positions = rows.Positions.AsSpan(y * taps, taps);
            foreach (int row in positions)
            {
                if (held[row % taps] == row) continue;
                PointLine(canvas, row, table, columns, lines[row % taps]);
                held[row % taps] = row;
            }
            for (int channel = 0; channel < 3; channel++)
            {
                Span<float> target = chw.Slice((channel * height + y) * width, width);
                target.Clear();
                for (int tap = 0; tap < taps; tap++)
                {
                    float weight = rows.Weights[y * taps + tap];
                    ReadOnlySpan<float> line = lines[positions[tap] % taps].AsSpan(channel * width, width);
                    for (int x = 0; x < width; x++) target[x] = MathF.FusedMultiplyAdd(weight, line[x], target[x]);
                }
            }
        }
    }

    private static void PointLine(Canvas canvas, int row, float[] table, PointTaps columns, float[] line)
    {
        int taps = columns.Taps, width = line.Length / 3;
        for (int x = 0; x < width; x++)
        {
            float red = 0, green = 0, blue = 0;
            for (int tap = x * taps; tap < (x + 1) * taps; tap++)
            {
                ReadOnlySpan<byte> pixel = canvas.Pixel(row, columns.Positions[tap]);
                float weight = columns.Weights[tap];
                red = MathF.FusedMultiplyAdd(weight, table[pixel[0]], red);
                green = MathF.FusedMultiplyAdd(weight, table[256 + pixel[1]], green);
                blue = MathF.FusedMultiplyAdd(weight, table[512 + pixel[2]], blue);
            }
            (line[x], line[width + x], line[2 * width + x]) = (red, green, blue);
        }
    }

    /// <summary>Pillow's 8-bit bicubic, bit for bit: weights of 22 bits, rounded to bytes after each pass.</summary>
    /// <returns>(rows, columns, channels) bytes.</returns>
    public static byte[] BicubicPillow(byte[] pixels, int width, int height, int channels, ResizeCrop to, int columns, int rows)
        => Antialias(pixels, width, height, channels, to, columns, rows, _ => PillowPrecision);

    /// <summary>torch's 8-bit antialiased bicubic: weights of 16 bits. Its own results depend on the CPU by one level.</summary>
    /// <returns>(rows, columns, channels) bytes.</returns>
    public static byte[] BicubicTorchAntialias(byte[] pixels, int width, int height, int channels, ResizeCrop to, int columns, int rows)
        => Antialias(pixels, width, height, channels, to, columns, rows, taps => taps.SixteenBitPrecision());

    private static byte[] Antialias(byte[] pixels, int width, int height, int channels, ResizeCrop to, int columns, int rows,
        Func<AntialiasTaps, int> precisionOf)
    {
        var down = new AntialiasTaps(height, to.Height, to.Top, rows);
        bool sameHeight = height == to.Height;
        int firstRow = sameHeight ? to.Top : down.Starts[0];
        int lastRow = sameHeight ? to.Top + rows : down.Starts[^1] + down.Taps;
        byte[] lines = Across(pixels, width, channels, to, columns, firstRow, lastRow, precisionOf);
        return sameHeight ? lines : Down(lines, columns * channels, firstRow, down, precisionOf(down));
    }

    /// <summary>Along x: source rows firstRow to lastRow, the columns of the crop. (lastRow - firstRow, columns, channels).</summary>
    private static byte[] Across(byte[] pixels, int width, int channels, ResizeCrop to, int columns, int firstRow, int lastRow,
        Func<AntialiasTaps, int> precisionOf)
    {
        var lines = new byte[(lastRow - firstRow) * columns * channels];
        var across = new AntialiasTaps(width, to.Width, to.Left, columns);
        int precision = precisionOf(across);
        int[] weights = across.Fixed(precision);
        for (int row = firstRow; row < lastRow; row++)
        {
            ReadOnlySpan<byte> source = pixels.AsSpan(row * width * channels, width * channels);
            Span<byte> line = lines.AsSpan((row - firstRow) * columns * channels, columns * channels);
            if (width == to.Width)
            {
                source.Slice(to.Left * channels, line.Length).CopyTo(line);
                continue;
            }
            for (int i = 0; i < line.Length; i++)
            {
                int x = i / channels, at = across.Starts[x] * channels + i % channels, sum = 1 << (precision - 1);
                foreach (int weight in weights.AsSpan(x * across.Taps, across.Taps))
                {
                    sum += weight * source[at];
                    at += channels;
                }
                line[i] = (byte)Math.Clamp(sum >> precision, 0, 255);
            }
        }
        return lines;
    }

    /// <summary>Along y. lines: (rows from firstRow on, stride) bytes; result (outputs, stride).</summary>
    private static byte[] Down(byte[] lines, int stride, int firstRow, AntialiasTaps down, int precision)
    {
        int[] weights = down.Fixed(precision);
        var result = new byte[down.Count * stride];
        var sums = new int[stride];
        for (int y = 0; y < down.Count; y++)
        {
            Array.Fill(sums, 1 << (precision - 1));
            for (int tap = 0; tap < down.Taps; tap++)
            {
                int weight = weights[y * down.Taps + tap];
                ReadOnlySpan<byte> line = lines.AsSpan((down.Starts[y] - firstRow + tap) * stride, stride);
                for (int i = 0; i < stride; i++) sums[i] += weight * line[i];
            }
            Span<byte> target = result.AsSpan(y * stride, stride);
            for (int i = 0; i < stride; i++) target[i] = (byte)Math.Clamp(sums[i] >> precision, 0, 255);
        }
        return result;
    }
}
