using System.Runtime.InteropServices;
using System.Text.Unicode;

namespace EdgeVideoLlava.Edge;

/// <summary>File names on the command line that are no UTF-8, as disks of older systems have them (Latin-1).</summary>
/// <remarks>
/// .NET's names are Unicode: what is not becomes U+FFFD and leads nowhere. The bytes themselves are in /proc/self/cmdline; a file that
/// they name is held open, without reading it, and stands in the arguments as /proc/PID/fd/N, which leads to it for other programs too.
/// </remarks>
internal static unsafe partial class RawNames
{
    private const char Lost = '\uFFFD';
    private const int PathOnly = 0x200000 | 0x80000; // O_PATH | O_CLOEXEC

    private static readonly Dictionary<string, string> Given = [];

    /// <summary>The arguments, in which the names of such files lead to them.</summary>
    public static string[] Resolve(string[] arguments)
    {
        if (!OperatingSystem.IsLinux() || !arguments.Any(argument => argument.Contains(Lost))) return arguments;
        byte[][] raw = Split(File.ReadAllBytes("/proc/self/cmdline"));
        return [.. arguments.Zip(raw.TakeLast(arguments.Length), Resolve)];
    }

    /// <summary>A line for people, with the names as they were given.</summary>
    public static string Readable(string line)
        => Given.Aggregate(line, (text, pair) => text.Replace(pair.Key, pair.Value, StringComparison.Ordinal));

    private static string Resolve(string argument, byte[] raw)
    {
        if (Utf8.IsValid(raw)) return argument;
        byte[] terminated = [.. raw, 0];
        int file;
        fixed (byte* path = terminated) file = Open(path, PathOnly);
        if (file < 0) return argument;
        string link = $"/proc/{Environment.ProcessId}/fd/{file}";
        Given.Add(link, argument);
        return link;
    }

    private static byte[][] Split(byte[] line)
    {
        var words = new List<byte[]>();
        int start = 0;
        for (int at = 0; at < line.Length; at++)
        {
            if (line[at] != 0) continue;
            words.Add(line[start..at]);
            start = at + 1;
        }
        return [.. words];
    }

    [LibraryImport("libc", EntryPoint = "open")]
    private static partial int Open(byte* path, int flags);
}
