using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Video;

public sealed class FrameIndexTests
{
    /// <summary>Of the key frames 0, 30 and 60 decoding begins at the last one that is 16 frames before the frame or more.</summary>
    [Theory]
    [InlineData(0, 0), InlineData(30, 0), InlineData(45, 0), InlineData(46, 30)]
    [InlineData(60, 30), InlineData(75, 30), InlineData(76, 60), InlineData(99, 60)]
    public void Decoding_begins_at_the_key_frame_before_the_lead_in(int frame, int entry)
        => Assert.Equal(entry, Index(0, 30, 60).EntryBefore(frame));

    [Theory, InlineData(3), InlineData(5), InlineData(20), InlineData(21)]
    public void Before_the_first_key_frame_decoding_begins_at_the_first_frame(int frame)
        => Assert.Equal(frame == 21 ? 5 : 0, Index(5, 60).EntryBefore(frame));

    [Fact]
    public void Without_key_frames_decoding_begins_at_the_first_frame()
    {
        Assert.Equal(0, Index().EntryBefore(99));
        Assert.Equal(0, FrameIndex.Untimed(100, 25).EntryBefore(99));
    }

    /// <summary>Packets of frames that refer to later ones come in another order than they are shown in.</summary>
    [Fact]
    public void Key_frames_are_counted_in_the_order_of_showing()
    {
        IEnumerable<(double, bool)> rest = Enumerable.Range(4, 96).Select(i => (1 + i / 10.0, i == 40));
        FrameIndex index = FrameIndex.Of([(1.0, true), (1.3, false), (1.1, false), (1.2, false), .. rest], 10);
        Assert.Equal([0, 0, 40], new[] { 40, 55, 56 }.Select(index.EntryBefore));
        Assert.Equal((1.0, 100, 0.3), (index.Origin, index.Times.Count, Math.Round(index.Times[3].TotalSeconds, 6)));
    }

    [Theory]
    [InlineData(-0.001, -1), InlineData(-0.00004, 0), InlineData(0.0399, 0), InlineData(0.03996, 1)]
    [InlineData(0.04, 1), InlineData(0.0799, 1), InlineData(1000, 99)]
    public void The_frame_at_a_time_is_the_last_that_has_begun(double seconds, int frame)
        => Assert.Equal(frame, Index(0).At(TimeSpan.FromSeconds(seconds)));

    /// <summary>A hundred frames at 25 a second.</summary>
    private static FrameIndex Index(params int[] keys)
        => FrameIndex.Of([.. Enumerable.Range(0, 100).Select(i => (i / 25.0, keys.Contains(i)))], 25);
}
