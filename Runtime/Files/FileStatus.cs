using System.Runtime.InteropServices;

namespace EdgeVideoLlava.Runtime.Files;

/// <summary>What lies at the end of a path.</summary>
/// <param name="Identity">Device and inode: two paths with the same identity lead to one file, whatever their spelling.</param>
/// <param name="IsRegular">Bytes on a disk; not a folder, pipe, socket or device.</param>
internal readonly unsafe partial record struct FileStatus(string Identity, bool IsRegular)
{
    private const int WorkingFolder = -100; // AT_FDCWD
    private const uint TypeAndInode = 0x101; // STATX_TYPE | STATX_INO
    private const int TypeMask = 0xF000, Regular = 0x8000; // S_IFMT, S_IFREG

    /// <summary>Of the file at the end of all links, as .NET reads the path; null where there is none.</summary>
    /// <remarks>Elsewhere than on Linux the identity is the full path at the end of all links, which hard links and linked folders
    /// deceive.</remarks>
    public static FileStatus? Of(string path)
    {
        if (path.Length == 0) return null;
        if (!OperatingSystem.IsLinux()) return File.Exists(path) ? new FileStatus(FullPath(path), true) : null;
        var found = new Statx();
        return Look(WorkingFolder, Path.GetFullPath(path), 0, TypeAndInode, &found) == 0
            ? new FileStatus($"{found.DeviceMajor}:{found.DeviceMinor}:{found.Inode}", (found.Mode & TypeMask) == Regular) : null;
    }

    private static string FullPath(string path)
        => new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Look(int folder, string path, int flags, uint mask, Statx* found);

    /// <summary>Linux's struct statx: the same layout on every architecture, 256 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;
    }
}
