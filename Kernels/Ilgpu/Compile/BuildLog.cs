using System.Diagnostics;
using System.Text;
using ILGPU.Runtime.OpenCL;

namespace EdgeVideoLlava.Kernels.Ilgpu.Compile;

/// <summary>What OpenCL's compiler says to this thread while it lives: ILGPU passes it to the trace listeners and to nobody else.</summary>
internal sealed class BuildLog : TraceListener
{
    private const int Longest = 500;

    private readonly StringBuilder text = new();
    private readonly int thread = Environment.CurrentManagedThreadId; // others compile too

    public BuildLog() => Trace.Listeners.Add(this);

    /// <summary>In one line, cut off where it gets long.</summary>
    public string Text
    {
        get
        {
            string line = string.Join(' ', text.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            return line.Length <= Longest ? line : line[..Longest] + " ...";
        }
    }

    /// <summary>What a driver or ILGPU complains about, in one line.</summary>
    public static string Reason(Exception e) => e is CLException driver ? driver.Error.ToString() : e.Message.ReplaceLineEndings(" ");

    public override void Write(string? message)
    {
        if (Environment.CurrentManagedThreadId == thread) text.Append(message);
    }

    public override void WriteLine(string? message) => Write(message + " ");

    protected override void Dispose(bool disposing)
    {
        Trace.Listeners.Remove(this);
        base.Dispose(disposing);
    }
}
