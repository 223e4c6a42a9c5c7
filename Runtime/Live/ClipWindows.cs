using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Video;

namespace EdgeVideoLlava.Runtime.Live;

/// <summary>The windows of a clip, in one pass over it: every chosen frame is decoded and preprocessed once, also where windows overlap.</summary>
public sealed class ClipWindows(Assistant assistant, Clip clip, TimeSpan length, TimeSpan every)
{
    private readonly IReadOnlyList<FrameWindow> windows = FrameSampler.Windows(clip.Times, clip.Duration, length, every, assistant.Model.Config.ClipFrames);

    public int Count => windows.Count;

    /// <summary>The windows in order; memory holds the preprocessed frames of the windows that are still open.</summary>
    public IEnumerable<PixelWindow> Read(CancellationToken cancel)
    {
        int[] wanted = [.. windows.SelectMany(window => window.Indices).Distinct().Order()];
        var held = new SortedDictionary<int, float[]>();
        int next = 0, at = 0;
        foreach (Frame frame in clip.Read(wanted, cancel))
        {
            held[wanted[at++]] = assistant.Look(frame);
            while (next < windows.Count && windows[next].Indices[^1] <= wanted[at - 1])
            {
                yield return Window(windows[next++], held);
                int keep = next < windows.Count ? windows[next].Indices[0] : int.MaxValue;
                foreach (int old in held.Keys.TakeWhile(index => index < keep).ToArray()) held.Remove(old);
            }
        }
    }

    private PixelWindow Window(FrameWindow window, SortedDictionary<int, float[]> frames)
    {
        int count = window.Indices.Count, size = assistant.Model.Config.VideoTower.ImageSize, stride = 3 * size * size;
        var values = new float[count * stride];
        for (int i = 0; i < count; i++) frames[window.Indices[i]].CopyTo(values, i * stride);
        return new PixelWindow(window.Start, window.End, new PixelValues(values, count, size, IsClip: true));
    }
}
