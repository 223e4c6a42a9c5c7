using System.Diagnostics;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>Times operations of a queue: batches of launches, waited for as a whole; the median of the batches.</summary>
/// <param name="batch">A batch takes at least this long, so that waiting for it counts for nothing.</param>
/// <param name="recorded">Launches of a batch are recorded, as decode steps are: one call of the driver where it has
/// graphs, so that small kernels do not wait for the host.</param>
internal sealed class KernelTimer(ComputeQueue queue, TimeSpan batch, bool recorded)
{
    private const int Batches = 5, MostLaunches = 1000;

    /// <summary>Seconds of one launch.</summary>
    public double Measure(Action<int> give, CancellationToken cancel)
    {
        give(0); // compiles, allocates
        queue.Wait();
        double one = Time(() => give(1));
        int launches = Math.Clamp((int)Math.Ceiling(batch.TotalSeconds / Math.Max(one, 1e-7)), 1, MostLaunches);
        Action all = () =>
        {
            for (int i = 0; i < launches; i++) give(i);
        };
        using RecordedWork? work = recorded && launches > 1 ? queue.Record(all) : null;
        if (work != null) all = work.Replay;
        var seconds = new List<double>();
        for (int i = 0; i < Batches; i++)
        {
            cancel.ThrowIfCancellationRequested();
            seconds.Add(Time(all) / launches);
        }
        seconds.Sort();
        return seconds[Batches / 2];
    }

    private double Time(Action run)
    {
        long started = Stopwatch.GetTimestamp();
        run();
        queue.Wait();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
