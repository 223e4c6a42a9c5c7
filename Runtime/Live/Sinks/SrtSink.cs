namespace EdgeVideoLlava.Runtime.Live.Sinks;

/// <summary>SubRip: number, times, text, blank line. A caption without text gets no cue; one of a live source has its capture time
/// above the text.</summary>
/// <remarks>
/// The format has no escapes: "-->" in a text becomes "->", because some readers look for the arrow in every line. Tags such as
/// &lt;i&gt; stay; players treat them as they like.
/// </remarks>
public sealed class SrtSink(TextWriter writer) : ICaptionSink
{
    private int count;

    /// <inheritdoc/>
    public void Write(Caption caption)
    {
        string text = CaptionText.Lines(caption.Text);
        while (text.Contains("-->")) text = text.Replace("-->", "->");
        if (text.Length == 0) return;
        string captured = caption.Captured is { } moment ? $"[{CaptionText.Utc(moment)}]\n" : "";
        writer.Write($"{++count}\n{CaptionText.Time(caption.Start, ',')} --> {CaptionText.Time(caption.End, ',')}\n{captured}{text}\n\n");
        writer.Flush();
    }
}
