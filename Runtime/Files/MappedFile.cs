using System.IO.MemoryMappedFiles;

namespace EdgeVideoLlava.Runtime.Files;

/// <summary>A file mapped into memory for reading, whole.</summary>
/// <remarks>What is read from it is valid until <see cref="Dispose"/>.</remarks>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;
    private readonly byte* start;
    private bool isDisposed;

    /// <exception cref="BadInputException">It is missing, empty, no regular file, or cannot be read.</exception>
    public MappedFile(string path)
    {
        Path = path;
        FileStream stream = InputFile.Open(path);
        Bytes = stream.Length;
        file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        view = file.CreateViewAccessor(0, Bytes, MemoryMappedFileAccess.Read);
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
    }

    /// <summary>As it was given, for messages.</summary>
    public string Path { get; }

    public long Bytes { get; }

    /// <summary>Address of the first byte.</summary>
    public nint Address => (nint)start;

    /// <summary>A piece of it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not whole within the file.</exception>
    public ReadOnlySpan<byte> Span(long offset, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Bytes - count);
        return new ReadOnlySpan<byte>(start + offset, count);
    }

    public void Dispose()
    {
        if (isDisposed) return;
        isDisposed = true;
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        file.Dispose();
    }
}
