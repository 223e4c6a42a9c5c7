using System.Runtime.CompilerServices;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Live;

/// <summary>The windows of a stream of frames. A window is seen at moments spread evenly over it, each by the frame that is shown then;
/// only those frames are preprocessed, and of the others one is held.</summary>
/// <remarks>A window in which no frame begins (the stream had a gap) is left out.</remarks>
internal sealed class FrameWindows
{
    private readonly Assistant assistant;
    private readonly TimeSpan length, every;
    private readonly int count;

    /// <exception cref="ArgumentOutOfRangeException">Length or distance is not positive.</exception>
    public FrameWindows(Assistant assistant, TimeSpan length, TimeSpan every)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(length, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(every, TimeSpan.Zero);
        (this.assistant, this.length, this.every, count) = (assistant, length, every, assistant.Config.ClipFrames);
    }

    /// <summary>Windows come with their frames in small.</summary>
    public bool WithLooks { get; init; }

    /// <summary>The windows in order, each disposed by whoever takes it. A last one that is cut short by the end of the stream counts if it
    /// lasts half of the length or is the only one.</summary>
    public async IAsyncEnumerable<PixelWindow> Read(IAsyncEnumerable<Frame> frames, [EnumeratorCancellation] CancellationToken cancel)
    {
        var open = new Queue<OpenWindow>();
        SeenFrame? shown = null;
        TimeSpan? first = null;
        long windows = 0;
        try
        {
            await foreach (Frame frame in frames.WithCancellation(cancel).ConfigureAwait(false))
            {
                if (shown != null)
                {
                    foreach (OpenWindow window in open) window.Settle(shown, frame.Time);
                    LetGo(shown, frame);
                    shown = null;
                    while (open.TryPeek(out OpenWindow? over) && over.End <= frame.Time) yield return open.Dequeue().Close(over.End);
                }
                TimeSpan begun = first ??= frame.Time;
                for (; begun + windows * every <= frame.Time; windows++)
                {
                    TimeSpan start = begun + windows * every;
                    if (start + length > frame.Time) open.Enqueue(new OpenWindow(assistant, start, length, count, windows == 0, WithLooks));
                }
                shown = new SeenFrame(assistant, frame);
            }
            if (shown != null && open.TryDequeue(out OpenWindow? last) && (last.IsFirst || 2 * (shown.Frame.Time - last.Start) >= length))
            {
                last.Settle(shown, TimeSpan.MaxValue);
                yield return last.Close(shown.Frame.Time);
            }
        }
        finally
        {
            foreach (OpenWindow window in open) window.Dispose();
            if (shown != null) LetGo(shown, null);
        }
    }

    /// <summary>Windows have what they want of the frame; the next one may be the same picture again.</summary>
    private static void LetGo(SeenFrame shown, Frame? next)
    {
        shown.LetGo();
        if (shown.Frame.Rgb != next?.Rgb) FrameMemory.Release(shown.Frame);
    }
}
