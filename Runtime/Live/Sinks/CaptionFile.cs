using System.Text;
using EdgeVideoLlava.Kernels;

namespace EdgeVideoLlava.Runtime.Live.Sinks;

/// <summary>An output file that appears under its name when it is complete, and not at all otherwise.</summary>
/// <remarks>
/// Written beside the target under a temporary name and renamed by <see cref="Complete"/>; <see cref="Dispose"/> without it
/// leaves what was there before. A symbolic link's target is replaced, not the link. A device or pipe cannot be replaced by a
/// rename: it is written directly.
/// </remarks>
public sealed class CaptionFile : IDisposable
{
    private readonly string path;
    private readonly string? temporary;
    private bool isComplete;

    /// <summary>What is written here becomes the file; UTF-8 without byte order mark.</summary>
    public TextWriter Writer { get; }

    /// <summary>Opens the temporary file.</summary>
    /// <exception cref="BadInputException">Nothing can be written at this path.</exception>
    public CaptionFile(string path)
    {
        try
        {
            if (path.Length == 0 || Path.EndsInDirectorySeparator(path) || Directory.Exists(path)) throw new IOException("it names a folder");
            this.path = Target(path);
            FileStream? special = OpenSpecial(this.path);
            if (special == null) temporary = $"{this.path}.{Environment.ProcessId}.part";
            Stream stream = special ?? new FileStream(temporary!, FileMode.Create, FileAccess.Write);
            Writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new BadInputException($"{path}: cannot be written ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')}); choose another output path", e);
        }
    }

    /// <summary>Closes the file and gives it its name.</summary>
    public void Complete()
    {
        Writer.Dispose();
        if (temporary != null) File.Move(temporary, path, overwrite: true);
        isComplete = true;
    }

    public void Dispose()
    {
        if (isComplete) return;
        try
        {
            Writer.Dispose();
        }
        finally
        {
            if (temporary != null) File.Delete(temporary);
        }
    }

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
