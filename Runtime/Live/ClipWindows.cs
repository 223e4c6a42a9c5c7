using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Live;

/// <summary>The windows of a clip, in one pass over it: every chosen frame is decoded and preprocessed once, also
/// where windows overlap.</summary>
internal sealed class ClipWindows(Assistant assistant, Clip clip, TimeSpan length, TimeSpan every)
{
    private readonly IReadOnlyList<FrameWindow> windows = FrameSampler.Windows(clip.Times, clip.Duration, length, every,
        assistant.Model.Config.ClipFrames);

    public int Count => windows.Count;

    /// <summary>The windows in order, each disposed by whoever takes it; memory holds the preprocessed frames of the
    /// windows that are still open.</summary>
    public IEnumerable<PixelWindow> Read(CancellationToken cancel)
    {
        int[] wanted = [.. windows.SelectMany(window => window.Indices).Distinct().Order()];
        var held = new SortedDictionary<int, PixelValues>();
        int next = 0, at = 0;
        try
        {
            foreach (Frame frame in FrameMemory.Recycling(clip.Read(wanted, cancel)))
            {
                held[wanted[at++]] = assistant.Look(frame);
                while (next < windows.Count && windows[next].Indices[^1] <= wanted[at - 1])
                {
                    FrameWindow window = windows[next++];
                    yield return new PixelWindow(window.Start, window.End,
                        assistant.Join([.. window.Indices.Select(index => held[index])]))
                    { Times = [.. window.Indices.Select(index => clip.Times[index])] };
                    Release(held, next < windows.Count ? windows[next].Indices[0] : int.MaxValue);
                }
            }
        }
        finally
        {
            Release(held, int.MaxValue);
        }
    }

    /// <summary>Lets go the frames before <paramref name="keep"/>.</summary>
    private static void Release(SortedDictionary<int, PixelValues> held, int keep)
    {
        foreach (int old in held.Keys.TakeWhile(index => index < keep).ToArray())
        {
            held[old].Dispose();
            held.Remove(old);
        }
    }
}
