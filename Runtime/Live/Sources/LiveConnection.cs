using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Live.Sources;

/// <summary>One connection of a live source, read on a thread of the pool, given up when it stalls.</summary>
internal sealed class LiveConnection : IAsyncDisposable
{
    private readonly CancellationTokenSource stop;
    private readonly CancellationToken cancel;
    private readonly LiveOptions options;
    private readonly IEnumerator<DecodedFrame> frames;
    private Task<bool> moving = Task.FromResult(false);

    public LiveConnection(Func<CancellationToken, IEnumerable<DecodedFrame>> open, LiveOptions options, CancellationToken cancel)
    {
        (this.options, this.cancel) = (options, cancel);
        stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        frames = Opened(open, stop.Token).GetEnumerator();
    }

    /// <summary>Why it ended; null: it came to its end.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>The next frame; null: the connection has ended, and <see cref="Fault"/> says why.</summary>
    /// <exception cref="OperationCanceledException">The reader was cancelled.</exception>
    public async ValueTask<DecodedFrame?> Next()
    {
        try
        {
            moving = Task.Run(frames.MoveNext, CancellationToken.None);
            return await moving.WaitAsync(options.Stall, options.Clock, cancel).ConfigureAwait(false) ? frames.Current : null;
        }
        catch (TimeoutException)
        {
            Fault = new TimeoutException($"no frame for {options.Stall.TotalSeconds:0} s");
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            Fault = e;
        }
        return null;
    }

    /// <summary>Ends it and waits until nothing of it runs any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        await ((Task)moving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        frames.Dispose();
        stop.Dispose();
    }

    /// <summary>Opening is part of the first step, which is watched as every other.</summary>
    private static IEnumerable<DecodedFrame> Opened(Func<CancellationToken, IEnumerable<DecodedFrame>> open, CancellationToken stop)
    {
        foreach (DecodedFrame frame in open(stop)) yield return frame;
    }
}
