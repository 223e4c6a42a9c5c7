namespace EdgeVideoLlava.Runtime.Files;

/// <summary>The bytes of a stream as a file, which decoders want; readable by this user alone, deleted when it is disposed.</summary>
internal sealed class TemporaryFile : IDisposable
{
    private const int PieceBytes = 1 << 16;

    private readonly FileStream file;

    private TemporaryFile()
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete, // decoders open it meanwhile
            Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        string name = "edge-" + System.IO.Path.GetRandomFileName();
        file = new FileStream(System.IO.Path.Combine(System.IO.Path.GetTempPath(), name), options);
    }

    public string Path => file.Name;

    /// <param name="most">Bytes; a stream that knows to be longer is not read at all.</param>
    /// <exception cref="BadInputException">The stream is longer.</exception>
    /// <exception cref="IOException">There is no room for it.</exception>
    public static async Task<TemporaryFile> CopyAsync(Stream content, long most, CancellationToken cancel)
    {
        if (content.CanSeek && content.Length - content.Position > most) throw TooLong(most);
        var copy = new TemporaryFile();
        try
        {
            await copy.FillAsync(content, most, cancel).ConfigureAwait(false);
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    public void Dispose() => file.Dispose();

    private async Task FillAsync(Stream content, long most, CancellationToken cancel)
    {
        var piece = new byte[PieceBytes];
        long bytes = 0;
        while (await content.ReadAsync(piece, cancel).ConfigureAwait(false) is var read and > 0)
        {
            bytes += read;
            if (bytes > most) throw TooLong(most);
            await file.WriteAsync(piece.AsMemory(0, read), cancel).ConfigureAwait(false);
        }
        await file.FlushAsync(cancel).ConfigureAwait(false);
    }

    private static BadInputException TooLong(long most)
        => new($"the picture or clip has more than the {most} bytes that are allowed; shorten it or scale it down");
}
