using System.Diagnostics;

namespace EdgeVideoLlava.Edge;

/// <summary>What the program's exit code says, and the one place where an exception becomes a line and a code.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;

    /// <summary>The command line itself is wrong.</summary>
    public const int Usage = 1;

    /// <summary>A file, checkpoint, prompt or output path cannot be used.</summary>
    public const int BadInput = 2;

    /// <summary>A device or native library that was asked for is not here.</summary>
    public const int NoSuchDevice = 3;

    /// <summary>A comparison found a difference.</summary>
    public const int Different = 4;

    /// <summary>A device failed, or memory does not suffice.</summary>
    public const int DeviceFailed = 5;

    /// <summary>A mistake of ours.</summary>
    public const int Bug = 70;

    /// <summary>Ctrl-C: 128 + SIGINT, as shells count.</summary>
    public const int Interrupted = 130;

    /// <summary>EPIPE; on Unix an IOException carries the errno as its HResult.</summary>
    private const int BrokenPipe = 32;

    /// <summary>The code of an exception, and the line to show (null: say nothing).</summary>
    public static (int Code, string? Line) Of(Exception exception) => exception switch
    {
        AggregateException { InnerExceptions: [Exception only] } => Of(only),
        BadInputException e => (BadInput, OptionWords.In(e)),
        DeviceUnavailableException e => (NoSuchDevice, OptionWords.In(e)),
        DeviceFailedException e => (DeviceFailed, OptionWords.In(e)),
        OutOfMemoryException
        => (DeviceFailed, "out of memory; use a smaller model or close other programs (edge doctor shows what is free)"),
        OperationCanceledException => (Interrupted, "interrupted"),
        // The reader of our output has seen enough (edge ... | head): that is no failure.
        IOException { HResult: BrokenPipe } => (Ok, null),
        _ => (Bug, BugReport(exception)),
    };

    private static string BugReport(Exception exception)
    {
        string message = exception.Message.ReplaceLineEndings(" ");
        return $"a mistake of ours: {exception.GetType().Name}: {message} at {Place(exception)}; "
            + "please report this line with the command and the output of 'edge doctor --json' on the project's issue page";
    }

    /// <summary>The innermost place in our own code: method, file name and line. No folders: those are the user's affair.</summary>
    private static string Place(Exception exception)
    {
        foreach (StackFrame frame in new StackTrace(exception, fNeedFileInfo: true).GetFrames())
        {
            if (frame.GetMethod() is not { DeclaringType: { } type } method || type.FullName?.StartsWith("EdgeVideoLlava.") != true)
                continue;
            string file = frame.GetFileName() is { } path ? $" ({Path.GetFileName(path)}:{frame.GetFileLineNumber()})" : "";
            return $"{type.FullName}.{method.Name}{file}";
        }
        return "an unknown place";
    }
}
