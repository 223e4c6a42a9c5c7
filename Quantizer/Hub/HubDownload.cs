using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace EdgeVideoLlava.Quantizer.Hub;

/// <summary>Fetches a repository's files into a folder: what is there stays, what broke off goes on, what is wrong is thrown
/// away.</summary>
/// <remarks>A file grows under a temporary name and gets its own when its digest is the listed one.</remarks>
public sealed class HubDownload(HubRepository repository, string folder)
{
    private const int Attempts = 5;
    private const string Part = ".part";

    /// <summary>Between two attempts, times their number.</summary>
    internal TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Free bytes of a folder's disk.</summary>
    internal Func<string, long> Free { get; init; } = path => new DriveInfo(path).AvailableFreeSpace;

    /// <param name="progress">Told the file and how much of all is there, 0 to 1.</param>
    /// <exception cref="BadInputException">The hub refuses, breaks off again and again, or sends other bytes; or the disk is too
    /// small.</exception>
    public async Task RunAsync(IReadOnlyList<HubFile> files, Action<string, double>? progress = null, CancellationToken cancel = default)
    {
        Directory.CreateDirectory(folder);
        HubFile[] missing = [.. files.Where(file => !IsThere(file))];
        long total = Math.Max(1, files.Sum(file => file.Bytes)), done = total - missing.Sum(file => file.Bytes);
        long need = missing.Sum(file => Math.Max(0, file.Bytes - Length(Target(file) + Part))), free = Free(folder);
        if (need > free)
            throw new BadInputException($"{folder}: {need >> 20} MiB are to be fetched, {free >> 20} MiB are free; choose another folder");
        foreach (HubFile file in missing)
        {
            progress?.Invoke(file.Path, (double)done / total);
            long before = done;
            await FetchAsync(file, bytes => progress?.Invoke(file.Path, (double)(before + bytes) / total), cancel).ConfigureAwait(false);
            done += file.Bytes;
        }
        progress?.Invoke("", 1);
    }

    private string Target(HubFile file) => Path.Combine(folder, file.Path);

    private bool IsThere(HubFile file) => File.Exists(Target(file)) && Length(Target(file)) == file.Bytes;

    private static long Length(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;

    private async Task FetchAsync(HubFile file, Action<long> progress, CancellationToken cancel)
    {
        string part = Target(file) + Part;
        Directory.CreateDirectory(Path.GetDirectoryName(part)!);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await ContinueAsync(file, part, progress, cancel).ConfigureAwait(false);
                if (await HasDigestAsync(file, part, cancel).ConfigureAwait(false)) break;
                File.Delete(part);
                if (attempt >= 2)
                    throw new BadInputException($"{repository.Name}, {file.Path}: what was sent has not the listed digest, twice");
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException && !cancel.IsCancellationRequested)
            {
                if (e is IOException { HResult: 28 }) throw new BadInputException($"{part}: the disk is full", e); // ENOSPC
                if (attempt >= Attempts)
                {
                    throw new BadInputException($"{repository.Name}, {file.Path}: broken off {Attempts} times "
                        + $"({e.Message.ReplaceLineEndings(" ").TrimEnd('.')}); begin again, it goes on where it was", e);
                }
                await Task.Delay(Pause * attempt, cancel).ConfigureAwait(false);
            }
        }
        File.Move(part, Target(file), overwrite: true);
    }

    /// <summary>Asks for what is missing of a file; a server that sends all of it begins anew.</summary>
    private async Task ContinueAsync(HubFile file, string part, Action<long> progress, CancellationToken cancel)
    {
        long have = Length(part);
        if (have > file.Bytes)
        {
            File.Delete(part);
            have = 0;
        }
        if (have == file.Bytes && File.Exists(part)) return;
        using HttpResponseMessage response = await repository.OpenAsync(file, have, cancel).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode) throw new HttpRequestException($"the hub answers {(int)response.StatusCode}");
        bool goesOn = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == have;
        if (!goesOn) have = 0;
        await using var stream = new FileStream(part, goesOn ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.Read);
        await using Stream content = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        var buffer = new byte[1 << 18];
        while (true)
        {
            int read = await content.ReadAsync(buffer, cancel).ConfigureAwait(false);
            if (read == 0) break;
            have += read;
            if (have > file.Bytes)
                throw new BadInputException($"{repository.Name}, {file.Path}: more bytes come than the {file.Bytes} listed");
            await stream.WriteAsync(buffer.AsMemory(0, read), cancel).ConfigureAwait(false);
            progress(have);
        }
        if (have < file.Bytes) throw new IOException($"{have} of {file.Bytes} bytes came");
        stream.Flush(flushToDisk: true);
    }

    private static async Task<bool> HasDigestAsync(HubFile file, string path, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(file.Sha256 != null ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
        if (file.Sha256 == null) hash.AppendData(Encoding.ASCII.GetBytes($"blob {file.Bytes}\0"));
        await using FileStream stream = File.OpenRead(path);
        var buffer = new byte[1 << 18];
        for (int read; (read = await stream.ReadAsync(buffer, cancel).ConfigureAwait(false)) > 0;) hash.AppendData(buffer, 0, read);
        return Convert.ToHexStringLower(hash.GetHashAndReset()) == (file.Sha256 ?? file.GitSha1);
    }
}
