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
    private readonly FileStream? onDisk;
    private bool isComplete;

    /// <summary>What is written here becomes the file. A refusal of the system is a <see cref="BadInputException"/>.</summary>
    public Stream Stream { get; }

    /// <summary>Opens the temporary file.</summary>
    /// <param name="inputs">The files that the same work reads. None of them may be the output, under whatever name; they are only
    /// looked at where the output exists.</param>
    /// <exception cref="BadInputException">Nothing can be written at this path, or it is one of the inputs.</exception>
    public OutputFile(string path, IEnumerable<string> inputs) : this(path, inputs, CreateNew)
    {
    }

    /// <param name="create">Makes the temporary file.</param>
    internal OutputFile(string path, IEnumerable<string> inputs, Func<string, Stream> create)
    {
        given = path;
        try
        {
            RequireNoInput(path, inputs);
            if (path.Length == 0 || Path.EndsInDirectorySeparator(path) || Directory.Exists(path))
                throw new IOException("it names a folder");
            this.path = Target(path);
            FileStream? special = OpenSpecial(this.path);
            if (special == null) temporary = $"{this.path}.{Path.GetRandomFileName()}.part";
            Stream written = special ?? create(temporary!);
            onDisk = temporary == null ? null : written as FileStream;
            Stream = new OutputStream(written, e => Unwritable(path, e));
        }
        catch (Exception e) when (IsRefusal(e))
        {
            throw Unwritable(path, e);
        }
    }

    /// <summary>Finds out before a long work whether its output can be written; leaves nothing behind.</summary>
    /// <exception cref="BadInputException">It cannot, or it is one of the inputs.</exception>
    public static void Check(string path, IEnumerable<string> inputs) => new OutputFile(path, inputs).Dispose();

    /// <summary>Brings the file to the disk itself, closes it and gives it its name.</summary>
    /// <exception cref="BadInputException">The disk is full, or the place has gone.</exception>
    public void Complete()
    {
        try
        {
            onDisk?.Flush(flushToDisk: true);
            Stream.Dispose();
            if (temporary != null) File.Move(temporary, path, overwrite: true);
            isComplete = true;
        }
        catch (Exception e) when (IsRefusal(e))
        {
            throw Unwritable(given, e);
        }
    }

    /// <summary>Does not throw: what it would say of a file that nobody completed would only hide why.</summary>
    public void Dispose()
    {
        if (isComplete) return;
        try
        {
            Stream.Dispose();
        }
        catch (Exception e) when (e is BadInputException || OutputStream.IsReaderGone(e))
        {
        }
        if (temporary != null) File.Delete(temporary);
    }

    /// <summary>The system's refusal of an output as one line of ours.</summary>
    public static BadInputException Unwritable(string path, Exception refusal)
        => new($"{path}: cannot be written ({refusal.Message.ReplaceLineEndings(" ").TrimEnd('.')}); choose another output path", refusal);

    private static bool IsRefusal(Exception e) => OutputStream.IsRefusal(e) || e is ArgumentException or NotSupportedException;

    /// <summary>A new file: one that was put there under this name, or a link, would be somebody else's.</summary>
    private static FileStream CreateNew(string path) => new(path, FileMode.CreateNew, FileAccess.Write);

    private static void RequireNoInput(string path, IEnumerable<string> inputs)
    {
        if (FileStatus.Of(path) is not { } output) return;
        if (inputs.FirstOrDefault(input => FileStatus.Of(input) == output) is { } same)
            throw new BadInputException($"{path}: this is {same}, which is read; choose another output path");
    }

    private static string Target(string path)
    {
        var file = new FileInfo(Path.GetFullPath(path));
        if (file.LinkTarget == null) return file.FullName;
        string target = file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        return File.Exists(path) && !File.Exists(target) ? file.FullName : target; // /dev/stdout leads to a pipe without a name
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
