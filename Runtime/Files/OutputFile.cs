namespace EdgeVideoLlava.Runtime.Files;

/// <summary>An output file that appears under its name when it is complete, and not at all otherwise.</summary>
/// <remarks>
/// Written beside the target under a temporary name and renamed by <see cref="Complete"/>; <see cref="Dispose"/> without it
/// leaves what was there before. A symbolic link's target is replaced, not the link. A device or pipe cannot be replaced by a
/// rename: it is written directly.
/// </remarks>
internal sealed class OutputFile : IDisposable
{
    private readonly string given, path;
    private readonly string? temporary;
    private bool isComplete;

    /// <summary>What is written here becomes the file.</summary>
    public Stream Stream { get; }

    /// <summary>Opens the temporary file.</summary>
    /// <exception cref="BadInputException">Nothing can be written at this path.</exception>
    public OutputFile(string path)
    {
        given = path;
        try
        {
            if (path.Length == 0 || Path.EndsInDirectorySeparator(path) || Directory.Exists(path))
                throw new IOException("it names a folder");
            this.path = Target(path);
            FileStream? special = OpenSpecial(this.path);
            if (special == null) temporary = $"{this.path}.{Environment.ProcessId}.part";
            Stream = special ?? new FileStream(temporary!, FileMode.Create, FileAccess.Write);
        }
        catch (Exception e) when (IsRefusal(e))
        {
            throw Unwritable(path, e);
        }
    }

    /// <summary>Finds out before a long work whether its output can be written; leaves nothing behind.</summary>
    /// <exception cref="BadInputException">It cannot.</exception>
    public static void Check(string path) => new OutputFile(path).Dispose();

    /// <summary>Closes the file and gives it its name.</summary>
    /// <exception cref="BadInputException">The disk is full, or the place has gone.</exception>
    public void Complete()
    {
        try
        {
            Stream.Dispose();
            if (temporary != null) File.Move(temporary, path, overwrite: true);
            isComplete = true;
        }
        catch (Exception e) when (IsRefusal(e))
        {
            throw Unwritable(given, e);
        }
    }

    public void Dispose()
    {
        if (isComplete) return;
        try
        {
            Stream.Dispose();
        }
        finally
        {
            if (temporary != null) File.Delete(temporary);
        }
    }

    /// <summary>The system's refusal of an output as one line of ours.</summary>
    public static BadInputException Unwritable(string path, Exception refusal)
        => new($"{path}: cannot be written ({refusal.Message.ReplaceLineEndings(" ").TrimEnd('.')}); choose another output path", refusal);

    private static bool IsRefusal(Exception e)
        => e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;

    private static string Target(string path)
    {
        var file = new FileInfo(Path.GetFullPath(path));
        return file.LinkTarget == null ? file.FullName : file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
    }

    /// <summary>The open device or pipe if the path is one, else null. An existing file that is write-protected throws.</summary>
    private static FileStream? OpenSpecial(string path)
    {
        if (!File.Exists(path)) return null;
        var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        if (!file.CanSeek || path.StartsWith("/dev/", StringComparison.Ordinal)) return file;
        file.Dispose();
        return null;
    }
}
