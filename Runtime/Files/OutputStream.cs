namespace EdgeVideoLlava.Runtime.Files;

/// <summary>A stream that is only written, and that says in one line of ours where that fails.</summary>
/// <param name="inner">Disposed with this one.</param>
/// <param name="failure">What a refusal becomes, as <see cref="OutputFile.Unwritable"/> with the output's name; null: nothing, it is
/// passed over.</param>
internal sealed class OutputStream(Stream inner, Func<Exception, Exception?> failure) : Stream
{
    /// <summary>EPIPE; on Unix an IOException carries the errno as its HResult.</summary>
    private const int BrokenPipe = 32;

    /// <summary>Whether a pipe's reader has left, which is no failure and stays the system's own exception.</summary>
    public static bool IsReaderGone(Exception e) => e is IOException { HResult: BrokenPipe };

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            inner.Write(buffer);
        }
        catch (Exception e) when (IsRefusal(e))
        {
            Fail(e);
        }
    }

    public override void Flush() => Try(inner.Flush);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) Try(inner.Dispose);
        base.Dispose(disposing);
    }

    /// <summary>Whether an exception is the system's refusal, and no mistake of ours.</summary>
    /// <remarks>A file beyond what the file system can hold is an argument out of range to .NET.</remarks>
    internal static bool IsRefusal(Exception e)
        => (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException { ParamName: "value" }) && !IsReaderGone(e);

    private void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (IsRefusal(e))
        {
            Fail(e);
        }
    }

    private void Fail(Exception refusal)
    {
        if (failure(refusal) is { } told) throw told;
    }
}
