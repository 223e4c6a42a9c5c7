using EdgeVideoLlava.Runtime.Live.Sources;
using Microsoft.Extensions.Time.Testing;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live.Sources;

/// <summary>Arrival and the stream's own stamps to one time axis. Times in tenths of a second.</summary>
public sealed class CaptureClockTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider time = new(Noon);

    /// <summary>"arrival:stamp" of each frame ("-": none), the times that they get, and when they were taken if that is another.</summary>
    [Theory]
    [InlineData("0:100 1:101 2:102", "0 1 2")]
    [InlineData("0:0 3:1 3:2 3:3 4:4", "0 1 2 3 4")] // jitter of arrival is taken out
    [InlineData("5:0 5:1 5:2 8:5 9:6", "5 6 7 10 11", "5 5 5 8 9")] // three at once come from the past: what came last was taken last
    [InlineData("0:0 1:1 40:2 41:3", "0 1 40 41")] // a stall: tied to the clock again
    [InlineData("0:0 1:1 2:9000 3:9001", "0 1 2 3")] // stamps that jump ahead
    [InlineData("0:9000 1:9001 2:0 3:1", "0 1 2 3")] // and back
    [InlineData("0:- 1:- 3:-", "0 1 3")]
    [InlineData("0:0 1:- 2:2", "0 1 2")]
    public async Task Frames_that_come_as_they_are_taken(string frames, string expected, string? taken = null)
    {
        var clock = new CaptureClock(time, Pace.AsTaken);
        List<string> got = [], moments = [];
        foreach ((TimeSpan arrival, double stamp) in Parse(frames))
        {
            time.SetUtcNow(Noon + arrival);
            (TimeSpan at, DateTimeOffset? captured) = await clock.Stamp(stamp, default);
            got.Add($"{at.TotalSeconds * 10:0}");
            moments.Add($"{(captured - Noon)!.Value.TotalSeconds * 10:0}");
        }
        Assert.Equal(taken ?? expected, string.Join(' ', moments));
        Assert.Equal(expected, string.Join(' ', got));
    }

    [Fact]
    public async Task Held_frames_are_given_when_they_are_due()
    {
        var clock = new CaptureClock(time, Pace.Held);
        Assert.Equal(TimeSpan.Zero, (await clock.Stamp(50, default)).Time);
        ValueTask<(TimeSpan Time, DateTimeOffset? Captured)> next = clock.Stamp(51.5, default);
        time.Advance(TimeSpan.FromSeconds(1.4));
        Assert.False(next.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal((TimeSpan.FromSeconds(1.5), Noon.AddSeconds(1.5)), await next);
        Assert.True(clock.Stamp(52 + CaptureClock.Furthest.TotalSeconds, default).IsCompleted); // a jump is not waited for
    }

    [Fact]
    public async Task A_recording_keeps_its_own_times_and_has_no_capture_time()
    {
        var clock = new CaptureClock(time, Pace.Recorded);
        Assert.Equal((TimeSpan.FromSeconds(7), (DateTimeOffset?)null), await clock.Stamp(7, default));
        Assert.Equal((TimeSpan.FromSeconds(8), (DateTimeOffset?)null), await clock.Stamp(8, default));
    }

    /// <summary>Whoever sets the clock, or sleeps, moves the capture times and no window.</summary>
    [Fact]
    public async Task Setting_the_system_s_clock_moves_no_window()
    {
        var jumping = new JumpingClock(time);
        var clock = new CaptureClock(jumping, Pace.AsTaken);
        await clock.Stamp(0, default);
        time.Advance(TimeSpan.FromSeconds(1));
        jumping.Jump = TimeSpan.FromHours(-3);
        (TimeSpan at, DateTimeOffset? captured) = await clock.Stamp(1, default);
        Assert.Equal((TimeSpan.FromSeconds(1), Noon.AddSeconds(1).AddHours(-3)), (at, captured));
    }

    [Fact]
    public async Task A_new_connection_goes_on_where_the_clock_is()
    {
        var clock = new CaptureClock(time, Pace.AsTaken);
        await clock.Stamp(1000, default);
        time.Advance(TimeSpan.FromSeconds(0.5));
        clock.Reconnected();
        Assert.Equal(TimeSpan.FromSeconds(0.5), (await clock.Stamp(1000, default)).Time);
    }

    private static IEnumerable<(TimeSpan, double)> Parse(string frames) => frames.Split(' ').Select(frame => frame.Split(':'))
        .Select(pair => (TimeSpan.FromSeconds(int.Parse(pair[0]) / 10.0), pair[1] == "-" ? double.NaN : int.Parse(pair[1]) / 10.0));

    /// <summary>A clock that is set while the monotonic one goes on.</summary>
    private sealed class JumpingClock(FakeTimeProvider inner) : TimeProvider
    {
        public TimeSpan Jump { get; set; }

        public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + Jump;

        public override long GetTimestamp() => inner.GetTimestamp();

        public override long TimestampFrequency => inner.TimestampFrequency;
    }
}
