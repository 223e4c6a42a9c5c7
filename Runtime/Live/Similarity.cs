namespace EdgeVideoLlava.Runtime.Live;

/// <summary>How much of two sentences is the same.</summary>
internal static class Similarity
{
    /// <summary>Pairs of neighbouring words that both have, in those that either has (Jaccard), 0 to 1; case and punctuation do not count.
    /// </summary>
    public static double Of(string a, string b)
    {
        HashSet<(string, string)> first = Pairs(a), second = Pairs(b);
        int both = first.Count(second.Contains), either = first.Count + second.Count - both;
        return either == 0 ? 1 : (double)both / either;
    }

    private static HashSet<(string, string)> Pairs(string text)
    {
        string[] words = [.. text.ToLowerInvariant().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Select(word => word.Trim('.', ',', ';', ':', '!', '?', '"', '\'')).Where(word => word.Length > 0)];
        return [.. words.Prepend("").Zip(words.Append(""))]; // begin and end are words too
    }
}
