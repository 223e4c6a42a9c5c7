using System.Text;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Runtime.Live.Sinks;

/// <summary>Captions of a live source in files that are whole at any moment: each caption is one write.</summary>
/// <remarks>
/// A process that is killed leaves valid files with every caption written so far. While the disk is full, captions wait in memory and
/// follow in order as soon as there is room; half a caption is taken back. Not for several threads at once.
/// </remarks>
public sealed class CaptionLog : ICaptionSink, IDisposable
{
    /// <summary>Captions that wait for a disk; a day of one every eight seconds.</summary>
    private const int Most = 10_000;

    private readonly string path;
    private readonly CaptionFormat format;
    private readonly Rotation? rotation;
    private readonly Action<string>? notice;
    private readonly TimeProvider clock;
    private readonly Func<string, Stream> open;
    private readonly Queue<Caption> waiting = new();
    private readonly StringBuilder text = new();
    private Stream? file;
    private ICaptionSink? writer;
    private DateTimeOffset begun;
    private string name;
    private bool isRendered; // the first of those that wait is in the text
    private long good; // so many bytes of the file are whole captions

    /// <summary>Opens the first file.</summary>
    /// <param name="rotation">Null: one file of this name, which is continued if it is JSON lines, and may not be there yet if it is not.
    /// </param>
    /// <param name="notice">Told, one line each, when the disk takes nothing and when it does again.</param>
    /// <exception cref="BadInputException">Nothing can be written there, or there are subtitles already.</exception>
    public CaptionLog(string path, CaptionFormat format, Rotation? rotation = null, Action<string>? notice = null)
        : this(path, format, rotation, notice, TimeProvider.System, Append)
    {
    }

    internal CaptionLog(string path, CaptionFormat format, Rotation? rotation, Action<string>? notice, TimeProvider clock,
        Func<string, Stream> open)
    {
        (this.path, this.format, this.rotation, this.notice, this.clock, this.open) = (path, format, rotation, notice, clock, open);
        name = path;
        try
        {
            Begin();
            Flush();
        }
        catch (Exception e) when (OutputStream.IsRefusal(e) || e is ArgumentException or NotSupportedException)
        {
            file?.Dispose();
            throw OutputFile.Unwritable(path, e);
        }
    }

    /// <summary>Captions that are not in a file yet.</summary>
    public int Waiting => waiting.Count;

    /// <inheritdoc/>
    public void Write(Caption caption)
    {
        bool blocked = waiting.Count > 0;
        if (waiting.Count == Most)
        {
            waiting.Dequeue();
            notice?.Invoke($"{name}: a caption is lost: {Most} wait for the disk already");
        }
        waiting.Enqueue(caption);
        try
        {
            Drain();
            if (blocked) notice?.Invoke($"{name}: is written again; no caption was lost");
        }
        catch (Exception e) when (OutputStream.IsRefusal(e))
        {
            if (!blocked) notice?.Invoke($"{OutputFile.Unwritable(name, e).Message}; captions wait until it takes them");
        }
    }

    /// <summary>Writes what waits and closes the file.</summary>
    /// <exception cref="BadInputException">Captions are left over that the disk does not take.</exception>
    public void Complete()
    {
        try
        {
            Drain();
            file?.Dispose();
        }
        catch (Exception e) when (OutputStream.IsRefusal(e))
        {
            throw new BadInputException($"{OutputFile.Unwritable(name, e).Message}; {waiting.Count} captions are lost", e);
        }
    }

    /// <summary>Closes the file as it is.</summary>
    public void Dispose()
    {
        try
        {
            file?.Dispose();
        }
        catch (Exception e) when (OutputStream.IsRefusal(e))
        {
            // Each caption was flushed; there is nothing left that could be lost.
        }
    }

    private void Drain()
    {
        for (; waiting.TryPeek(out Caption? caption); waiting.Dequeue(), isRendered = false)
        {
            if (!isRendered)
            {
                if (file == null || rotation?.IsDue(good, begun, clock.GetUtcNow()) == true) Begin();
                writer!.Write(caption);
                isRendered = true;
            }
            Flush();
        }
    }

    /// <summary>Closes the file, if there is one, and opens the next.</summary>
    private void Begin()
    {
        file?.Dispose();
        file = null;
        begun = clock.GetUtcNow();
        name = rotation == null ? path : Rotation.Name(path, begun);
        if (format.Name != "jsonl" && File.Exists(name) && new FileInfo(name).Length > 0)
            throw new BadInputException($"{name}: is there already; choose another output path, or files by day or size");
        file = open(name);
        good = file.CanSeek ? file.Length : 0;
        text.Clear();
        writer = format.Write(new StringWriter(text)); // may write a header
    }

    /// <summary>Brings the text to the file as one write; what of it a full disk took is taken back.</summary>
    private void Flush()
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
        try
        {
            file!.Write(bytes);
            file.Flush();
        }
        catch
        {
            TakeBack();
            throw;
        }
        good += bytes.Length;
        text.Clear();
    }

    private void TakeBack()
    {
        if (!file!.CanSeek) return;
        try
        {
            file.SetLength(good);
            file.Position = good;
        }
        catch (Exception e) when (OutputStream.IsRefusal(e))
        {
            // A device has no length.
        }
    }

    /// <summary>A last line that a power failure cut short stays a line of its own.</summary>
    private static FileStream Append(string path)
    {
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        if (!file.CanSeek || file.Length == 0) return file;
        file.Position = file.Length - 1;
        if (file.ReadByte() != '\n') file.WriteByte((byte)'\n');
        return file;
    }
}
