using System.Globalization;

namespace EdgeVideoLlava.Runtime.Live.Sinks;

/// <summary>When a file of captions ends and the next begins. Each is named after the UTC time of its begin.</summary>
/// <param name="Bytes">Length that a file may reach; null: any.</param>
/// <param name="Daily">A file for each day, by UTC.</param>
public sealed record Rotation(long? Bytes, bool Daily)
{
    /// <summary>Of captions.srt, captions-20261130T181500Z.srt, and so on with -2 if there is such a file.</summary>
    internal static string Name(string path, DateTimeOffset begin)
    {
        string ending = Path.GetExtension(path), stem = path[..^ending.Length];
        string dated = string.Create(CultureInfo.InvariantCulture, $"{stem}-{begin.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}");
        string name = dated + ending;
        for (int again = 2; Path.Exists(name); again++) name = $"{dated}-{again}{ending}";
        return name;
    }

    internal bool IsDue(long length, DateTimeOffset begin, DateTimeOffset now)
        => Daily && begin.UtcDateTime.Date != now.UtcDateTime.Date || length >= Bytes;
}
