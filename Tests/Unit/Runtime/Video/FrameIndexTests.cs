using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Video;

public sealed class FrameIndexTests
{
    [Theory]
    [InlineData(0, 0), InlineData(29, 0), InlineData(30, 30), InlineData(45, 30)]
    [InlineData(59, 30), InlineData(60, 60), InlineData(75, 60), InlineData(99, 60)]
    public void Decoding_begins_at_the_last_key_frame_shown_no_later(int frame, int entry)
        => Assert.Equal(entry, Index(0, 30, 60).EntryBefore(frame));

    [Theory, InlineData(3, 0), InlineData(4, 0), InlineData(5, 5), InlineData(21, 5)]
    public void Before_the_first_key_frame_decoding_begins_at_the_first_frame(int frame, int entry)
        => Assert.Equal(entry, Index(5, 60).EntryBefore(frame));

    [Fact]
    public void Without_key_frames_decoding_begins_at_the_first_frame()
    {
        Assert.Equal(0, Index().EntryBefore(99));
        Assert.Equal(0, FrameIndex.Untimed(100, 25).EntryBefore(99));
    }

    [Fact]
    public void A_frame_without_a_time_stamp_follows_the_one_before()
    {
        FrameIndex index = FrameIndex.Of([(3, true), (3.04, false), (double.NaN, false), (3.12, false), (3.12, false)], 1, 25, 0.1);
        Assert.Equal([2, 2.04, 2.08, 2.12, 2.16], index.Times.Select(time => Math.Round(time.TotalSeconds, 6)));
        Assert.Equal((false, 2.26), (index.Timed, Math.Round(index.Duration.TotalSeconds, 6)));
        // A stamp that is too late spoils none of those behind it.
        index = FrameIndex.Of([(0, true), (0.2, false), (0.08, false), (0.12, false), (0.16, false)], 0, 25);
        Assert.Equal([0, 0.04, 0.08, 0.12, 0.16], index.Times.Select(time => Math.Round(time.TotalSeconds, 6)));
        // Nor does the first: it is shown right before the second, but not before the clock begins.
        (double, bool)[] late = [(2.76, false), (2.68, false), (2.72, false), (2.76, true)];
        Assert.Equal([0.04, 0.08, 0.12, 0.16], FrameIndex.Of(late, 2.6, 25).Times.Select(time => Math.Round(time.TotalSeconds, 6)));
        Assert.Equal([0, 0.04, 0.08, 0.12], FrameIndex.Of(late, 2.68, 25).Times.Select(time => Math.Round(time.TotalSeconds, 6)));
        Assert.Equal([0.0, 0.04], FrameIndex.Of([(double.NaN, true), (3, false)], 0, 25).Times.Select(time => time.TotalSeconds));
    }

    [Theory]
    [InlineData(-0.001, -1), InlineData(-0.00004, 0), InlineData(0.0399, 0), InlineData(0.03996, 1)]
    [InlineData(0.04, 1), InlineData(0.0799, 1), InlineData(1000, 99)]
    public void The_frame_at_a_time_is_the_last_that_has_begun(double seconds, int frame)
        => Assert.Equal(frame, Index(0).At(TimeSpan.FromSeconds(seconds)));

    /// <summary>A hundred frames at 25 a second.</summary>
    private static FrameIndex Index(params int[] keys)
        => FrameIndex.Of([.. Enumerable.Range(0, 100).Select(i => (i / 25.0, keys.Contains(i)))], 0, 25);
}
