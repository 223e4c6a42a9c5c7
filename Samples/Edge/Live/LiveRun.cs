using System.Diagnostics;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Live.Sinks;
using EdgeVideoLlava.Runtime.Live.Sources;

namespace EdgeVideoLlava.Edge.Live;

/// <summary>What a live narration is asked to do.</summary>
internal sealed record LiveRequest(LiveSource Source, LiveOptions Connection, TimeSpan Window, TimeSpan Every, ChangeGateOptions? Gate,
    TimeSpan? Duration, int Most, NarrationOptions Narration);

/// <summary>Narrates a live source until it ends, enough is said, its time is over, or Ctrl-C: all are a good end.</summary>
internal static class LiveRun
{
    public static async Task Run(Assistant assistant, LiveRequest request, IReadOnlyList<ICaptionSink> sinks,
        Action<LiveEvent> events, LivePanel? panel, LiveStatistics statistics, CancellationToken cancel)
    {
        long began = Stopwatch.GetTimestamp();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var tally = new LiveTally(request.Most, stop.Cancel);
        var group = new SinkGroup(sinks);
        if (request.Duration is { } duration) stop.CancelAfter(duration);
        var windows = new LiveWindows(assistant, request.Window, request.Every, request.Gate, statistics);
        var narrator = new Narrator(assistant, request.Narration, events) { Statistics = statistics };
        LiveOptions connection = request.Connection with { Recycles = true };
        Task Narrate() => narrator.Run(windows.Read(request.Source.Read(connection, stop.Token), request.Source.IsLive, stop.Token),
            group, tally, stop.Token);
        try
        {
            await (panel == null ? Narrate() : panel.Run(Narrate));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // As it was asked.
        }
        finally
        {
            group.Complete();
            if (statistics.Frames > 0) Notices.Say(tally.Summary(statistics, Stopwatch.GetElapsedTime(began)));
        }
    }
}
