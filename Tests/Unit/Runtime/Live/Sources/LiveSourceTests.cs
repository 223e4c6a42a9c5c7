using System.Threading.Channels;
using EdgeVideoLlava.Runtime.Live.Sources;
using EdgeVideoLlava.Runtime.Video.Frames;
using Microsoft.Extensions.Time.Testing;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live.Sources;

/// <summary>Connections that end, fail and stall; the clock is the test's.</summary>
public sealed class LiveSourceTests
{
    private readonly FakeTimeProvider time = new();
    private readonly List<string> notices = [];
    private int connections, open;

    private LiveOptions Options => new() { Clock = time, Notice = line => { lock (notices) notices.Add(line); } };

    /// <summary>A source whose n-th connection does as it is told.</summary>
    private LiveSource Source(Func<int, CancellationToken, IEnumerable<DecodedFrame>> connect)
        => new("cam", Pace.AsTaken, (_, stop) => Connect(connect, stop));

    private IEnumerable<DecodedFrame> Connect(Func<int, CancellationToken, IEnumerable<DecodedFrame>> connect, CancellationToken stop)
    {
        Interlocked.Increment(ref open);
        try
        {
            foreach (DecodedFrame frame in connect(Interlocked.Increment(ref connections), stop)) yield return frame;
        }
        finally
        {
            Interlocked.Decrement(ref open);
        }
    }

    private static DecodedFrame Picture(double seconds) => new(seconds, true, 2, 2, false, new byte[12]);

    private static IEnumerable<DecodedFrame> Pictures(int count) => Enumerable.Range(0, count).Select(i => Picture(i));

    /// <summary>Advances the test's clock until the work is done: whoever waits for it is let go on.</summary>
    private async Task<T> Await<T>(ValueTask<T> work)
    {
        Task<T> task = work.AsTask();
        while (!task.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(500));
            await Task.WhenAny(task, Task.Delay(1));
        }
        return await task;
    }

    [Fact]
    public async Task A_source_that_dies_a_hundred_times_comes_back_a_hundred_times()
    {
        LiveSource source = Source((_, _) => Pictures(3));
        var times = new List<TimeSpan>();
        IAsyncEnumerator<Frame> frames = source.Read(Options, TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        while (times.Count < 303 && await Await(frames.MoveNextAsync())) times.Add(frames.Current.Time);
        await frames.DisposeAsync();
        Assert.Equal((101, 0), (connections, open));
        Assert.Equal(303, times.Distinct().Count());
        Assert.Equal(times.Order(), times);
        Assert.Equal(100, notices.Count(notice => notice == "cam: has ended; next attempt in 1 s"));
        Assert.Equal(100, notices.Count(notice => notice == "cam: is back"));
    }

    [Fact]
    public async Task A_connection_without_a_frame_for_the_stall_time_is_given_up()
    {
        LiveSource source = Source((n, stop) => n == 1 ? Stalls(stop) : Pictures(1));
        IAsyncEnumerator<Frame> frames = source.Read(Options, TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await Await(frames.MoveNextAsync()));
        Assert.True(await Await(frames.MoveNextAsync()));
        await frames.DisposeAsync();
        Assert.Equal(["cam: no frame for 10 s; next attempt in 1 s", "cam: is back"], notices);
        Assert.Equal((2, 0), (connections, open));

        static IEnumerable<DecodedFrame> Stalls(CancellationToken stop)
        {
            yield return Picture(0);
            stop.WaitHandle.WaitOne();
            stop.ThrowIfCancellationRequested();
        }
    }

    [Fact]
    public async Task Pauses_double_to_half_a_minute_while_nothing_comes()
    {
        LiveSource source = Source((n, _) => n is 1 or 9 ? Pictures(1) : throw new BadInputException("cam: nobody listens there"));
        IAsyncEnumerator<Frame> frames = source.Read(Options, TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await Await(frames.MoveNextAsync()));
        Assert.True(await Await(frames.MoveNextAsync()));
        await frames.DisposeAsync();
        Assert.Equal(["1 s", "2 s", "4 s", "8 s", "16 s", "30 s", "30 s", "30 s"],
            notices.Where(line => line.Contains("next attempt in ")).Select(line => line[(line.IndexOf("attempt in ") + 11)..]));
    }

    [Fact]
    public async Task A_source_that_never_gave_a_frame_is_wrong_after_three_attempts()
    {
        LiveSource source = Source((_, _) => throw new BadInputException("cam: there is no such stream"));
        IAsyncEnumerator<Frame> frames = source.Read(Options, TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var wrong = await Assert.ThrowsAsync<BadInputException>(() => Await(frames.MoveNextAsync()));
        Assert.Equal(("cam: there is no such stream", 3), (wrong.Message, connections));
    }

    [Fact]
    public async Task What_is_missing_on_the_machine_is_not_tried_again()
    {
        LiveSource source = Source((_, _) => throw new DeviceUnavailableException("cam: wants the ffmpeg program"));
        IAsyncEnumerator<Frame> frames = source.Read(Options, TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<DeviceUnavailableException>(() => Await(frames.MoveNextAsync()));
        Assert.Equal(1, connections);
    }

    [Fact]
    public async Task Told_so_the_end_is_the_end()
    {
        int count = 0;
        await foreach (Frame _ in Source((_, _) => Pictures(3)).Read(Options with { Reconnects = false },
            TestContext.Current.CancellationToken)) count++;
        Assert.Equal((3, 1), (count, connections));
    }

    /// <summary>A file cannot stall, and who writes to a pipe may take a break.</summary>
    [Fact]
    public async Task A_source_whose_end_is_the_end_is_waited_for()
    {
        using var go = new ManualResetEventSlim();
        var source = new LiveSource("pipe", Pace.AsTaken, (_, _) => Late()) { Ends = true };
        IAsyncEnumerator<Frame> frames = source.Read(Options, TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        ValueTask<bool> moving = frames.MoveNextAsync();
        time.Advance(TimeSpan.FromMinutes(1));
        go.Set();
        Assert.True(await moving);
        Assert.False(await frames.MoveNextAsync());
        Assert.Empty(notices);

        IEnumerable<DecodedFrame> Late()
        {
            go.Wait(TestContext.Current.CancellationToken);
            yield return Picture(0);
        }
    }

    [Fact]
    public async Task Whoever_leaves_leaves_no_connection_open()
    {
        using var stop = new CancellationTokenSource();
        IAsyncEnumerator<Frame> frames = Source((_, _) => Endless()).Read(Options, stop.Token).GetAsyncEnumerator(stop.Token);
        Assert.True(await frames.MoveNextAsync());
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => { while (await frames.MoveNextAsync()) { } });
        Assert.Equal(0, open);

        static IEnumerable<DecodedFrame> Endless()
        {
            for (int i = 0; ; i++) yield return Picture(i);
        }
    }

    [Fact]
    public async Task A_program_s_frames_keep_their_capture_time_or_get_that_of_arrival()
    {
        Channel<Frame> channel = Channel.CreateUnbounded<Frame>();
        DateTimeOffset own = time.GetUtcNow().AddHours(-1);
        channel.Writer.TryWrite(new Frame(new byte[12], 2, 2, default) { Captured = own });
        channel.Writer.TryWrite(new Frame(new byte[12], 2, 2, TimeSpan.FromSeconds(1)));
        channel.Writer.Complete();
        var captured = new List<DateTimeOffset?>();
        await foreach (Frame frame in LiveSource.From(channel.Reader).Read(Options, TestContext.Current.CancellationToken))
            captured.Add(frame.Captured);
        Assert.Equal([own, time.GetUtcNow()], captured);
    }
}
