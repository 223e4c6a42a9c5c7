using System.Text;
using EdgeVideoLlava.Runtime.Files;
using Microsoft.Win32.SafeHandles;

namespace EdgeVideoLlava.Edge;

/// <summary>stdout and stderr as UTF-8: what cannot be written to the first ends the program, to the second is passed over.</summary>
internal static class StandardStreams
{
    /// <summary>Puts both in the console's place.</summary>
    public static void Open()
    {
        Console.SetOut(Writer(new OutputStream(Output(), e => new OutputLostException(e))));
        Console.SetError(Writer(new OutputStream(Console.OpenStandardError(), _ => null)));
    }

    /// <summary>stdout, where a closed pipe throws.</summary>
    /// <remarks>
    /// The console's own stream swallows EPIPE, so that a long narration would go on for nobody. A file stream throws, but it counts
    /// its own position and would overwrite what others write to the same redirected file: it serves pipes and terminals only.
    /// </remarks>
    private static Stream Output()
    {
        Stream stream = Console.OpenStandardOutput();
        if (OperatingSystem.IsWindows()) return stream;
        var direct = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return direct.CanSeek ? stream : direct;
    }

    private static StreamWriter Writer(Stream stream)
        => new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
}

/// <summary>stdout takes no more: the disk behind it is full, or it was closed from the start.</summary>
internal sealed class OutputLostException(Exception refusal)
    : Exception($"standard output: cannot be written ({Reason(refusal)}); send it to another file or program", refusal)
{
    // The runtime keeps a pipe of its own under the number of a stream that is closed; it may not be written.
    private static string Reason(Exception refusal)
        => refusal is UnauthorizedAccessException ? "it is closed" : refusal.Message.ReplaceLineEndings(" ").TrimEnd('.');
}
