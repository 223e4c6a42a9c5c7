using System.IO.MemoryMappedFiles;

namespace EdgeVideoLlava.Quantizer.Compensation;

/// <summary>Memory that a file lends, beside an output; the file is gone when it is disposed.</summary>
internal sealed unsafe class ScratchFile : IDisposable
{
    private readonly FileStream file;
    private readonly MemoryMappedFile mapped;
    private readonly MemoryMappedViewAccessor view;

    /// <exception cref="BadInputException">There is no room for it.</exception>
    public ScratchFile(string folder, long bytes)
    {
        string path = Path.Combine(folder, $"{Path.GetRandomFileName()}.part");
        try
        {
            file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Options = FileOptions.DeleteOnClose,
                PreallocationSize = bytes, // a hole would be a fault when the disk is full
            });
            file.SetLength(bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(
                $"{folder}: no room for {bytes >> 20} MiB of rounded weights on their way; choose another place", e);
        }
        mapped = MemoryMappedFile.CreateFromFile(file, null, bytes, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None,
            leaveOpen: true);
        view = mapped.CreateViewAccessor(0, bytes);
        byte* address = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref address);
        if (!OperatingSystem.IsWindows()) File.Delete(path); // gone also where the program is killed; the memory stays
        Address = (nint)(address + view.PointerOffset);
    }

    public nint Address { get; }

    public void Dispose()
    {
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        mapped.Dispose();
        file.Dispose();
    }
}
