namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>Rows of a forward pass, one after the other, that belong to one conversation: with its keys and values in a layer.</summary>
internal readonly record struct CacheSegment(HeadRows Keys, HeadRows Values, int Rows)
{
    /// <exception cref="ArgumentException">The segments have other rows than there are, or keys and values do not fit together.</exception>
    internal static void Check(ReadOnlySpan<CacheSegment> segments, int rows, int headSize)
    {
        int sum = 0;
        foreach (CacheSegment segment in segments)
        {
            HeadRows.Check(segment.Keys, segment.Values, headSize);
            if (segment.Keys.Columns != segments[0].Keys.Columns || segment.Keys.Numbers.Type != segments[0].Keys.Numbers.Type)
                throw new ArgumentException("caches of one pass have as many columns and the same type");
            sum += segment.Rows;
        }
        if (sum != rows) throw new ArgumentException($"segments of {sum} rows for {rows}");
    }
}
