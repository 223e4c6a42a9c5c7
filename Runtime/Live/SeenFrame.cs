using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Live;

/// <summary>A frame and what is made of it, once, for all windows that it stands in. Not for several threads at once.</summary>
/// <remarks>Held by its stream while it is shown and by each window that takes it; the last to let go releases the pixel values. The
/// frame itself is the stream's, which reads it no more once the next one is shown.</remarks>
internal sealed class SeenFrame(Assistant assistant, Frame frame)
{
    private PixelValues? pixels;
    private Thumbnail? look;
    private int holders = 1;

    public Frame Frame { get; } = frame;

    /// <summary>Ready for the tower.</summary>
    public PixelValues Pixels => pixels ??= assistant.Look(Frame);

    /// <summary>In small.</summary>
    public Thumbnail Look => look ??= new Thumbnail(Frame);

    public void Hold() => holders++;

    public void LetGo()
    {
        holders--;
        if (holders == 0) pixels?.Dispose();
    }
}
