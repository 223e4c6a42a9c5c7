namespace EdgeVideoLlava.Runtime.Files;

/// <summary>An output folder that appears under its name when all its files are complete, and not at all otherwise.</summary>
/// <remarks>Filled beside its place under a temporary name and renamed by <see cref="Complete"/>. What exists is never replaced, an empty
/// folder apart.</remarks>
internal sealed class OutputFolder : IDisposable
{
    private readonly string given, path, temporary;
    private bool isComplete;

    /// <exception cref="BadInputException">Something is there already, or nothing can be written there.</exception>
    public OutputFolder(string path)
    {
        given = path;
        this.path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (File.Exists(this.path) || (Directory.Exists(this.path) && Directory.EnumerateFileSystemEntries(this.path).Any()))
            throw new BadInputException($"{path}: this exists already; choose another output folder, or remove it first");
        temporary = $"{this.path}.{Path.GetRandomFileName()}.part";
        Try(() => Directory.CreateDirectory(temporary));
    }

    /// <summary>Where its files lie until then.</summary>
    public string Place => temporary;

    /// <summary>Writes a file of the folder, to the disk itself.</summary>
    /// <exception cref="BadInputException">The disk is full, or the place has gone.</exception>
    public void Write(string name, Action<Stream> write)
    {
        FileStream? file = null;
        Try(() =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(temporary, name))!);
            file = new FileStream(Path.Combine(temporary, name), FileMode.CreateNew, FileAccess.Write);
        });
        using var stream = new OutputStream(file!, e => OutputFile.Unwritable(Path.Combine(given, name), e));
        write(stream);
        Try(() => file!.Flush(flushToDisk: true));
    }

    /// <summary>Gives the folder its name.</summary>
    /// <exception cref="BadInputException">Something has appeared there meanwhile.</exception>
    public void Complete() => Try(() =>
    {
        if (Directory.Exists(path)) Directory.Delete(path);
        Directory.Move(temporary, path);
        isComplete = true;
    });

    /// <summary>Does not throw.</summary>
    public void Dispose()
    {
        if (isComplete) return;
        try
        {
            Directory.Delete(temporary, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    private void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (OutputStream.IsRefusal(e) || e is ArgumentException or NotSupportedException)
        {
            throw OutputFile.Unwritable(given, e);
        }
    }
}
