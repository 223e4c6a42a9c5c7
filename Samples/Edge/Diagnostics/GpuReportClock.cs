using System.Diagnostics;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>How much of a report's time is left, and what is left out because it is not.</summary>
internal sealed class GpuReportClock : IDisposable
{
    private readonly long started = Stopwatch.GetTimestamp();
    private readonly TimeSpan budget;
    private readonly CancellationTokenSource source;

    public GpuReportClock(TimeSpan budget, CancellationToken cancel)
    {
        this.budget = budget;
        source = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        source.CancelAfter(budget);
    }

    /// <summary>Cancelled when the time is over, or the user has had enough.</summary>
    public CancellationToken Over => source.Token;

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(started);

    /// <summary>Whether a work of about this length still fits.</summary>
    public bool Allows(TimeSpan work) => Elapsed + work <= budget;

    public void Dispose() => source.Dispose();
}
