namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>Quarter turns and mirrors that stand a stored picture upright: x' = XX x + XY y, y' = YX x + YY y, factors of -1, 0 or 1.
/// </summary>
internal readonly record struct Orientation(int XX, int XY, int YX, int YY)
{
    public static Orientation AsStored { get; } = new(1, 0, 0, 1);

    /// <summary>Of a display matrix as ISO/IEC 14496-12 has it: a b u c d v x y w in 16.16 fixed point; null: no quarter turn.</summary>
    public static Orientation? Of(ReadOnlySpan<int> matrix)
    {
        double scale = Math.Sqrt(Math.Abs((double)matrix[0] * matrix[4] - (double)matrix[1] * matrix[3]));
        if (scale == 0) return AsStored; // all zero: not set
        Span<int> unit = stackalloc int[4];
        ReadOnlySpan<int> places = [0, 3, 1, 4];
        for (int i = 0; i < 4; i++)
        {
            double factor = matrix[places[i]] / scale;
            unit[i] = (int)Math.Round(factor);
            if (Math.Abs(factor - unit[i]) > 0.02) return null; // about a degree
        }
        return new Orientation(unit[0], unit[1], unit[2], unit[3]);
    }

    /// <summary>Width and height are exchanged.</summary>
    public bool Turns => XX == 0;

    public (int Width, int Height) Size(int width, int height) => Turns ? (height, width) : (width, height);

    /// <summary>The upright picture of (height, width, 3) bytes.</summary>
    public void Apply(ReadOnlySpan<byte> from, int width, int height, Span<byte> to)
    {
        (int toWidth, _) = Size(width, height);
        int left = (XX < 0 ? width - 1 : 0) + (XY < 0 ? height - 1 : 0), top = (YX < 0 ? width - 1 : 0) + (YY < 0 ? height - 1 : 0);
        for (int y = 0, at = 0; y < height; y++)
        {
            int target = 3 * ((top + YY * y) * toWidth + left + XY * y), step = 3 * (YX * toWidth + XX);
            for (int x = 0; x < width; x++, at += 3, target += step) from.Slice(at, 3).CopyTo(to.Slice(target, 3));
        }
    }
}
