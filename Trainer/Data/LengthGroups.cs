namespace EdgeVideoLlava.Trainer.Data;

/// <summary>The order of an epoch's samples: batches of like lengths, and of one modality, in random order.</summary>
/// <remarks>
/// LLaVA's LengthGroupedSampler, draw by draw. Lengths are words of all turns, negative for a dialogue without pictures. The last
/// batches of both modalities are joined and come last.
/// </remarks>
internal static class LengthGroups
{
    /// <param name="batch">Samples of a micro-batch.</param>
    /// <param name="parallel">Micro-batches of a step.</param>
    /// <param name="random">Of the order inside a modality.</param>
    /// <param name="ofBatches">Of the batches' order.</param>
    /// <exception cref="ArgumentException">A length is 0.</exception>
    public static int[] ByModality(IReadOnlyList<int> lengths, int batch, int parallel, MersenneTwister random, MersenneTwister ofBatches)
    {
        if (lengths.Contains(0)) throw new ArgumentException("a sample of no words has no modality", nameof(lengths));
        if (lengths.All(length => length > 0) || lengths.All(length => length < 0)) return ByLength(lengths, batch, parallel, ofBatches);
        List<int[]> Batches(Func<int, bool> belongs)
        {
            int[] own = [.. Enumerable.Range(0, lengths.Count).Where(i => belongs(lengths[i]))];
            int[] order = ByLength([.. own.Select(i => Math.Abs(lengths[i]))], batch, parallel, random);
            return [.. order.Select(i => own[i]).Chunk(batch * parallel)];
        }
        List<int[]> seeing = Batches(length => length > 0), reading = Batches(length => length < 0);
        List<int[]> whole = [.. seeing[..^1], .. reading[..^1]];
        return [.. ofBatches.Permutation(whole.Count).SelectMany(i => whole[i]), .. seeing[^1].Concat(reading[^1]).Order()];
    }

    /// <summary>The same without regard to modality.</summary>
    public static int[] ByLength(IReadOnlyList<int> lengths, int batch, int parallel, MersenneTwister random)
        => [.. from mega in random.Permutation(lengths.Count).Chunk(batch * parallel)
               from chunk in EvenChunks([.. mega.OrderByDescending(i => lengths[i])], lengths, parallel)
               from i in chunk
               select i];

    /// <summary>So many chunks of as equal a length as going through the samples once gives.</summary>
    internal static List<int>[] EvenChunks(int[] indices, IReadOnlyList<int> lengths, int count)
    {
        List<int>[] chunks = [.. Enumerable.Range(0, count).Select(_ => new List<int>())];
        if (indices.Length % count != 0)
        {
            for (int i = 0; i < indices.Length; i++) chunks[i % count].Add(indices[i]);
            return chunks;
        }
        var sums = new long[count];
        foreach (int index in indices)
        {
            int shortest = Array.IndexOf(sums, sums.Min());
            chunks[shortest].Add(index);
            sums[shortest] = chunks[shortest].Count == indices.Length / count ? long.MaxValue : sums[shortest] + lengths[index];
        }
        return chunks;
    }
}
