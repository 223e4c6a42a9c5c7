namespace EdgeVideoLlava.Runtime.Files;

/// <summary>The small texts that `git clone` leaves in place of large files where Git LFS is not installed.</summary>
/// <remarks>Format: git-lfs/git-lfs, docs/spec.md: lines of keys and values, "version" first, shorter than 1024 bytes.</remarks>
internal static class GitLfs
{
    /// <summary>Bytes; a pointer is shorter.</summary>
    public const int PointerCeiling = 1024;

    public static bool IsPointer(ReadOnlySpan<byte> file)
        => file.StartsWith("version https://git-lfs.github.com/spec/"u8) && file.IndexOf("\noid "u8) > 0;
}
