using System.Collections.Concurrent;

namespace EdgeVideoLlava.Trainer.Data;

/// <summary>Samples that could not be used: each is named once and counted; too many end the run.</summary>
internal sealed class SkippedSamples(int records, Action<string> warn)
{
    /// <summary>More than this share of skipped samples stops a run.</summary>
    private const double MostSkipped = 0.01;

    private readonly ConcurrentDictionary<int, bool> skipped = new();

    public int Count => skipped.Count;

    /// <summary>The sample of an index; null where it was skipped, now or before.</summary>
    /// <param name="make">Null, or an exception of bad input, where it cannot be used.</param>
    /// <param name="nothing">What is said where it gives null.</param>
    /// <exception cref="BadInputException">More than 1 % of the samples are skipped.</exception>
    public T? Try<T>(int index, Func<T?> make, Func<string> nothing) where T : class
    {
        if (skipped.ContainsKey(index)) return null;
        try
        {
            if (make() is { } sample) return sample;
            Skip(index, nothing());
        }
        catch (BadInputException e)
        {
            Skip(index, e.Message);
        }
        return null;
    }

    private void Skip(int index, string reason)
    {
        skipped[index] = true;
        warn($"skipped: {reason}");
        if (skipped.Count > Math.Max(1, MostSkipped * records))
            throw new BadInputException($"{skipped.Count} of {records} samples cannot be used, the last: {reason}; mend the data");
    }
}
