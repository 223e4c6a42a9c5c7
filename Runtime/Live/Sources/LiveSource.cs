using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Live.Sources;

/// <summary>Where live frames come from: a camera, a stream, a clip at its own speed, a program. Opened anew whenever it breaks
/// off.</summary>
/// <remarks>Read by one reader at a time.</remarks>
public sealed class LiveSource
{
    private readonly Func<LiveOptions, CancellationToken, IEnumerable<DecodedFrame>>? connect;
    private readonly ChannelReader<Frame>? pushed;
    private readonly Pace pace;

    /// <param name="connect">Opens it once; the frames end, or throw, when the connection does. Called and read on any thread, by one at a
    /// time.</param>
    internal LiveSource(string name, Pace pace, Func<LiveOptions, CancellationToken, IEnumerable<DecodedFrame>> connect)
        => (Name, this.pace, this.connect) = (name, pace, connect);

    private LiveSource(string name, ChannelReader<Frame> frames) => (Name, pushed) = (name, frames);

    /// <summary>For people; holds no password.</summary>
    public string Name { get; }

    /// <summary>Whether frames that nobody takes in time are lost; else the source waits.</summary>
    public bool IsLive => pace != Pace.Recorded;

    /// <summary>Its end is the end: a file, standard input, a program's own frames.</summary>
    internal bool Ends { get; init; }

    /// <summary>Each frame has memory of <see cref="FrameMemory"/> of its own, which nobody else reads.</summary>
    internal bool OwnsMemory { get; init; }

    /// <summary>Frames that a program pushes; the end of the channel is the end. Frames without a capture time get the time of
    /// arrival.</summary>
    /// <remarks>Their <see cref="Frame.Time"/> must not go backwards.</remarks>
    public static LiveSource From(ChannelReader<Frame> frames, string name = "frames") => new(name, frames) { Ends = true };

    /// <summary>The frames as they come, each with its capture time, until the source ends for good.</summary>
    /// <exception cref="BadInputException">It never gave a frame.</exception>
    /// <exception cref="DeviceUnavailableException">What would read it is not on this machine.</exception>
    public IAsyncEnumerable<Frame> Read(LiveOptions? options = null, CancellationToken cancel = default)
        => connect == null ? Pushed(options ?? new LiveOptions(), cancel) : Connected(options ?? new LiveOptions(), cancel);

    private async IAsyncEnumerable<Frame> Pushed(LiveOptions options, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (Frame frame in pushed!.ReadAllAsync(cancel).ConfigureAwait(false))
            yield return frame.Captured == null ? frame with { Captured = options.Clock.GetUtcNow() } : frame;
    }

    private async IAsyncEnumerable<Frame> Connected(LiveOptions options, [EnumeratorCancellation] CancellationToken cancel)
    {
        // A file cannot stall, and whoever writes to a pipe may take a break; only a machine is busy.
        if (Ends) options = options with { Stall = Timeout.InfiniteTimeSpan };
        var clock = new CaptureClock(options.Clock, pace);
        var backoff = new Backoff();
        int attempts = 0, frames = 0;
        while (true)
        {
            Exception? fault;
            await using (var connection = new LiveConnection(stop => connect!(options, stop), options, cancel))
            {
                while (await connection.Next().ConfigureAwait(false) is { } shown)
                {
                    if (frames > 0 && attempts > 0) options.Notice?.Invoke($"{Name}: is back");
                    (attempts, frames) = (0, frames + 1);
                    backoff.Reset();
                    (TimeSpan time, DateTimeOffset? captured) = await clock.Stamp(shown.Seconds, cancel).ConfigureAwait(false);
                    yield return new Frame(shown.Rgb!, shown.Width, shown.Height, time)
                    {
                        Captured = captured,
                        IsRecycled = OwnsMemory && options.Recycles,
                    };
                }
                fault = connection.Fault;
            }
            if (fault is not (null or BadInputException or IOException or TimeoutException)) ExceptionDispatchInfo.Throw(fault);
            string why = fault switch { EdgeException => fault.Message, null => $"{Name}: has ended", _ => $"{Name}: {fault.Message}" };
            attempts++;
            bool wrong = frames == 0 && (attempts >= options.FirstAttempts || Ends || !options.Reconnects);
            if (wrong || Ends && fault != null) throw fault as BadInputException ?? new BadInputException(why, fault);
            if (Ends || !options.Reconnects) yield break;
            TimeSpan pause = backoff.Next();
            options.Notice?.Invoke($"{why}; next attempt in {pause.TotalSeconds:0} s");
            await Task.Delay(pause, options.Clock, cancel).ConfigureAwait(false);
            clock.Reconnected();
        }
    }
}
