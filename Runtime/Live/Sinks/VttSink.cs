namespace EdgeVideoLlava.Runtime.Live.Sinks;

/// <summary>WebVTT (W3C): a header, then cues; "&amp;", "&lt;" and "&gt;" are escaped, with them "--&gt;". A caption
/// without text gets no cue; the identifier of a live source's is its capture time.</summary>
public sealed class VttSink : ICaptionSink
{
    private readonly TextWriter writer;

    /// <summary>Writes the header at once, so that a narration without captions is a valid file too.</summary>
    public VttSink(TextWriter writer)
    {
        this.writer = writer;
        writer.Write("WEBVTT\n\n");
        writer.Flush();
    }

    /// <inheritdoc/>
    public void Write(Caption caption)
    {
        string text = CaptionText.Lines(caption.Text).Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;");
        if (text.Length == 0) return;
        if (caption.Captured is { } moment) writer.Write($"{CaptionText.Utc(moment)}\n"); // the cue's identifier
        writer.Write($"{CaptionText.Time(caption.Start, '.')} --> {CaptionText.Time(caption.End, '.')}\n{text}\n\n");
        writer.Flush();
    }
}
