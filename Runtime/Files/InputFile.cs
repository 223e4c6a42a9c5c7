namespace EdgeVideoLlava.Runtime.Files;

/// <summary>Opens a file that a stranger named: what is missing, forbidden or not a regular file is one line of ours.</summary>
internal static class InputFile
{
    /// <summary>Opens for reading. A symbolic link gives its target's length, which <see cref="FileInfo.Length"/> would not.</summary>
    /// <exception cref="BadInputException">It is missing, empty, a folder, a pipe or device, may not be read, or only points to a file
    /// that Git LFS keeps.</exception>
    public static FileStream Open(string path)
    {
        if (Directory.Exists(path)) throw new BadInputException($"{path}: a folder; a file is wanted");
        if (FileStatus.Of(path) is not { } status) throw new BadInputException($"{path}: no such file");
        // Opening a pipe would wait for its writer, for ever.
        if (!status.IsRegular)
            throw new BadInputException($"{path}: a pipe or device, which cannot be read twice; write it into a file and name that");
        try
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (Complaint(stream) is not { } complaint) return stream;
            stream.Dispose();
            throw new BadInputException($"{path}: {complaint}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{path}: cannot be read ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')})", e);
        }
    }

    /// <summary>All bytes of a file.</summary>
    /// <exception cref="BadInputException">As for <see cref="Open"/>, or it has more bytes than <paramref name="most"/>.</exception>
    public static byte[] ReadAll(string path, long most)
    {
        using FileStream stream = Open(path);
        if (stream.Length > most) throw new BadInputException($"{path}: {stream.Length} bytes; at most {most} are read");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Why a file is no use to anyone; null if it may be. The stream stands at its beginning.</summary>
    private static string? Complaint(FileStream stream)
    {
        if (stream.Length == 0) return "empty (0 bytes); fetch it again";
        if (stream.Length > GitLfs.PointerCeiling) return null;
        var bytes = new byte[stream.Length];
        int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        return GitLfs.IsPointer(bytes.AsSpan(0, read))
            ? "a Git LFS pointer, not the file itself; run 'git lfs install' once, then 'git lfs pull' in its folder" : null;
    }
}
