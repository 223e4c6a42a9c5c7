using EdgeVideoLlava.Runtime.Projector;

namespace EdgeVideoLlava.Runtime.Live;

/// <summary>When what the tower sees in a window counts as changed: at more than the median of recent distances and some deviations.
/// </summary>
/// <param name="Deviations">So many deviations (medians of absolute ones) above the median.</param>
/// <param name="Least">No distance up to this is a change, however still the scene.</param>
/// <param name="Most">Every distance from this on is one, however restless the scene.</param>
/// <param name="Refresh">What has not changed is described again after so long.</param>
public sealed record FeatureGateOptions(double Deviations, double Least, double Most, TimeSpan Refresh)
{
    /// <summary>As measured on scenes of moving shapes under noise (docs/benchmarks.md).</summary>
    public static FeatureGateOptions Default { get; } = new(3, 0.01, 0.05, TimeSpan.FromSeconds(60));
}

/// <summary>Lets windows pass whose features differ from those of the last one that passed: it follows the gate of brightness, which costs
/// less, and goes before the prefill, which costs most. Not for several threads at once.</summary>
/// <remarks>The distance is the mean over the patches of a frame of one minus the cosine, patch by patch at the same place and moment; of a
/// window that of the frame which differs most.</remarks>
internal sealed class FeatureGate(FeatureGateOptions options)
{
    private const int Remembered = 32, Few = 5;

    private readonly Queue<double> recent = new();
    private float[] told = [], now = [];
    private TimeSpan passed;

    /// <summary>Of the last window asked about; NaN before there are two.</summary>
    public double Distance { get; private set; } = double.NaN;

    /// <summary>What the next distance must exceed.</summary>
    public double Threshold { get; private set; } = options.Least;

    public bool Passes(Assistant assistant, VisionTokens tokens, TimeSpan end, CancellationToken cancel)
    {
        now = assistant.Read(tokens, now, cancel);
        return Passes(now.Length / (tokens.Blocks * tokens.RowsPerBlock), tokens.Blocks, end);
    }

    /// <param name="rows">(frames · patches, width)</param>
    internal bool Passes(float[] rows, int width, int frames, TimeSpan end)
    {
        now = [.. rows];
        return Passes(width, frames, end);
    }

    private bool Passes(int width, int frames, TimeSpan end)
    {
        if (told.Length == now.Length)
        {
            Distance = Enumerable.Range(0, frames).Max(frame => OfFrame(frame, frames, width));
            bool isAlike = Distance <= Threshold;
            Learn(Distance);
            if (isAlike && end - passed < options.Refresh) return false;
        }
        (told, now, passed) = (now, told, end); // the memory of one is used again for the next
        return true;
    }

    private double OfFrame(int frame, int frames, int width)
    {
        int count = now.Length / frames;
        double sum = 0;
        for (int at = frame * count; at < (frame + 1) * count; at += width)
            sum += 1 - Cosine(now.AsSpan(at, width), told.AsSpan(at, width));
        return sum * width / count;
    }

    private static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        float both = 0, first = 0, second = 0;
        for (int i = 0; i < a.Length; i++)
        {
            both += a[i] * b[i];
            first += a[i] * a[i];
            second += b[i] * b[i];
        }
        return first > 0 && second > 0 ? both / Math.Sqrt((double)first * second) : first == second ? 1 : 0;
    }

    private void Learn(double distance)
    {
        recent.Enqueue(distance);
        if (recent.Count > Remembered) recent.Dequeue();
        if (recent.Count < Few) return;
        double median = Median(recent), deviation = Median(recent.Select(one => Math.Abs(one - median)));
        Threshold = Math.Clamp(median + options.Deviations * deviation, options.Least, options.Most);
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
