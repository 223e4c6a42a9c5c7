namespace EdgeVideoLlava.Runtime.Files;

/// <summary>Opens a file that a stranger named: what is missing, forbidden or not a regular file is one line of ours.</summary>
internal static class InputFile
{
    /// <summary>Opens for reading. A symbolic link gives its target's length, which <see cref="FileInfo.Length"/> would not.</summary>
    /// <exception cref="BadInputException">It is missing, a folder, a pipe or device, or may not be read.</exception>
    public static FileStream Open(string path)
    {
        if (Directory.Exists(path)) throw new BadInputException($"{path}: a folder; a file is wanted");
        if (!File.Exists(path)) throw new BadInputException($"{path}: no such file");
        try
        {
            // Opening a pipe would wait for its writer, for ever.
            if (Length(path) == 0) throw new BadInputException($"{path}: empty, or not a regular file");
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{path}: cannot be read ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')})", e);
        }
    }

    /// <summary>Bytes of the file, of a symbolic link's target; 0 for pipes and devices.</summary>
    /// <exception cref="IOException">A link that points to nothing.</exception>
    public static long Length(string path)
    {
        var file = new FileInfo(path);
        return file.LinkTarget == null ? file.Length : ((FileInfo)file.ResolveLinkTarget(returnFinalTarget: true)!).Length;
    }
}
