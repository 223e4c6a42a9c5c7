using System.Runtime.InteropServices;

namespace EdgeVideoLlava.Runtime.Files;

/// <summary>Which file a path leads to, whatever its spelling: two paths with the same identity are one file.</summary>
internal static unsafe partial class FileIdentity
{
    private const int WorkingFolder = -100; // AT_FDCWD
    private const uint Inode = 0x100; // STATX_INO

    /// <summary>Device and inode of the file at the end of all links, as .NET reads the path; null where there is none.</summary>
    /// <remarks>Elsewhere than on Linux the full path at the end of all links, which hard links and linked folders deceive.</remarks>
    public static string? Of(string path)
    {
        if (path.Length == 0) return null;
        if (!OperatingSystem.IsLinux()) return File.Exists(path) ? FullPath(path) : null;
        var found = new Statx();
        return Look(WorkingFolder, Path.GetFullPath(path), 0, Inode, &found) == 0 && (found.Mask & Inode) != 0
            ? $"{found.DeviceMajor}:{found.DeviceMinor}:{found.InodeNumber}" : null;
    }

    private static string FullPath(string path)
        => new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Look(int folder, string path, int flags, uint mask, Statx* found);

    /// <summary>Linux's struct statx: the same layout on every architecture, 256 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(0)] public uint Mask;
        [FieldOffset(32)] public ulong InodeNumber;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;
    }
}
