using System.Runtime.CompilerServices;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Live;

/// <summary>Frames of a live source to the windows that are worth a caption: bounded, never behind, without those in which nothing changed.
/// </summary>
/// <remarks>
/// Frames wait in a ring for their window, which is put together at the source's speed. Of whole windows one waits, the newest. The gate
/// comes after that: a window that passed it is told, so a change is never taken for known that nobody was told of.
/// </remarks>
/// <param name="gate">Null: every window passes.</param>
internal sealed class LiveWindows(Assistant assistant, TimeSpan length, TimeSpan every, ChangeGateOptions? gate, LiveStatistics statistics)
{
    /// <summary>Frames that wait: at most a third of a second of a camera, 200 MB of 4K pictures.</summary>
    private const int Ring = 8;

    /// <param name="loses">Frames and windows that are late are lost; else the source waits.</param>
    public IAsyncEnumerable<PixelWindow> Read(IAsyncEnumerable<Frame> frames, bool loses, CancellationToken cancel)
    {
        var windows = new FrameWindows(assistant, length, every) { WithLooks = gate != null };
        IAsyncEnumerable<Frame> counted = Count(frames, cancel);
        if (!loses) return Changed(Count(windows.Read(counted, cancel), cancel), cancel);
        IAsyncEnumerable<Frame> ring = Newest.Of(counted, Ring, Lose, left: null, cancel);
        IAsyncEnumerable<PixelWindow> whole = Count(windows.Read(ring, cancel), cancel);
        return Changed(Newest.Of(whole, 1, Lose, window => window.Pixels.Dispose(), cancel), cancel);
    }

    private void Lose(Frame frame)
    {
        FrameMemory.Release(frame);
        statistics.FrameWasLost();
    }

    private void Lose(PixelWindow window)
    {
        window.Pixels.Dispose();
        statistics.WindowWasLost();
    }

    private async IAsyncEnumerable<PixelWindow> Changed(IAsyncEnumerable<PixelWindow> windows,
        [EnumeratorCancellation] CancellationToken cancel)
    {
        ChangeGate? changes = gate == null ? null : new ChangeGate(gate);
        await foreach (PixelWindow window in windows.WithCancellation(cancel).ConfigureAwait(false))
        {
            if (changes?.Passes(window) != false)
            {
                yield return window;
                continue;
            }
            window.Pixels.Dispose();
            statistics.WindowWasStill();
        }
    }

    private async IAsyncEnumerable<Frame> Count(IAsyncEnumerable<Frame> frames, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (Frame frame in frames.WithCancellation(cancel).ConfigureAwait(false))
        {
            statistics.FrameCame();
            yield return frame;
        }
    }

    private async IAsyncEnumerable<PixelWindow> Count(IAsyncEnumerable<PixelWindow> windows,
        [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (PixelWindow window in windows.WithCancellation(cancel).ConfigureAwait(false))
        {
            statistics.WindowCame();
            yield return window;
        }
    }
}
