using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EdgeVideoLlava.Runtime.Files;

/// <summary>A file mapped into memory for reading, whole.</summary>
/// <remarks>What is read from it is valid until <see cref="Dispose"/>.</remarks>
internal sealed unsafe partial class MappedFile : IDisposable
{
    // <sys/mman.h> and <fcntl.h> of Linux.
    private const int NotNeeded = 4, CacheNotNeeded = 4;

    private readonly FileStream stream;
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;
    private readonly byte* start;
    private bool isDisposed;

    /// <exception cref="BadInputException">It is missing, empty, no regular file, or cannot be read.</exception>
    public MappedFile(string path)
    {
        Path = path;
        stream = InputFile.Open(path);
        Bytes = stream.Length;
        file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
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

    /// <summary>Gives the memory of a piece back; who reads it later reads the file again. Linux only; a refusal changes nothing.</summary>
    /// <param name="fromCache">Also what the system keeps of the file for others.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not whole within the file.</exception>
    public void Release(nint address, long bytes, bool fromCache)
    {
        long offset = address - Address;
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Bytes - bytes);
        if (!OperatingSystem.IsLinux() || isDisposed) return;
        // Whole pages: those at the ends are their neighbours' too.
        long page = Environment.SystemPageSize, begin = (offset + page - 1) / page * page, length = (offset + bytes) / page * page - begin;
        if (length <= 0) return;
        _ = Advise(Address + (nint)begin, (nuint)length, NotNeeded);
        if (fromCache) _ = AdviseFile(stream.SafeFileHandle, begin, length, CacheNotNeeded);
    }

    public void Dispose()
    {
        if (isDisposed) return;
        isDisposed = true;
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        file.Dispose();
        stream.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int AdviseFile(SafeFileHandle file, long offset, long length, int advice);
}
