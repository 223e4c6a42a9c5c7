using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;

namespace EdgeVideoLlava.Runtime.Live;

/// <summary>Windows to rows of the word space. Of a tower that looks at each frame by itself, a frame that stands in several windows, or
/// several times in one, is encoded once; temporal attention makes a frame's rows depend on its window, which is then encoded whole.
/// </summary>
/// <remarks>Not for several threads at once.</remarks>
internal sealed class FrameCodes(Assistant assistant) : IDisposable
{
    /// <summary>Frames kept: those of four overlapping windows; 2 MiB each for the 7B model in binary16.</summary>
    private const int Windows = 4;

    private readonly List<(TimeSpan Time, VisionTokens Tokens, int Block)> known = []; // the oldest first
    private readonly bool looksAtEach = assistant.Config.VideoTower.TemporalFrames == 0;

    /// <summary>Frames that went through the tower so far.</summary>
    public int Encoded { get; private set; }

    /// <summary>The window's rows, and the time that they took.</summary>
    public (VisionTokens Tokens, TimeSpan Time) Encode(PixelWindow window, CancellationToken cancel)
    {
        if (!looksAtEach || window.Times.Count != window.Pixels.Frames)
        {
            Encoded += window.Pixels.Frames;
            return assistant.Encode(window.Pixels, cancel);
        }
        TimeSpan time = Learn(window, cancel);
        VisionTokens tokens = assistant.Gather([.. window.Times.Select(Find)], cancel);
        Forget(known.Count - Windows * window.Times.Count);
        return (tokens, time);
    }

    public void Dispose() => Forget(known.Count);

    /// <summary>Encodes those frames together that are new.</summary>
    private TimeSpan Learn(PixelWindow window, CancellationToken cancel)
    {
        int[] missing = [.. Enumerable.Range(0, window.Times.Count).DistinctBy(i => window.Times[i])
            .Where(i => known.TrueForAll(frame => frame.Time != window.Times[i]))];
        if (missing.Length == 0) return TimeSpan.Zero;
        using PixelValues pixels = assistant.Join([.. missing.Select(window.Pixels.Frame)]);
        (VisionTokens tokens, TimeSpan time) = assistant.Encode(pixels, cancel);
        foreach ((int block, int frame) in missing.Index())
        {
            tokens.Hold();
            known.Add((window.Times[frame], tokens, block));
        }
        tokens.Dispose(); // held by its frames from now on
        Encoded += missing.Length;
        return time;
    }

    private (VisionTokens, int) Find(TimeSpan time)
    {
        (_, VisionTokens tokens, int block) = known.Find(frame => frame.Time == time);
        return (tokens, block);
    }

    private void Forget(int count)
    {
        if (count <= 0) return;
        foreach ((_, VisionTokens tokens, _) in known.Take(count)) tokens.LetGo();
        known.RemoveRange(0, count);
    }
}
