using EdgeVideoLlava.Runtime.Live.Sources;
using EdgeVideoLlava.Runtime.Video.Decoders;
using Microsoft.Extensions.Time.Testing;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live.Sources;

/// <summary>Frames that lack something are not shown: K a key frame, P another, D a damaged one, each a second after the last.</summary>
public sealed class TrustedFramesTests
{
    [Theory]
    [InlineData("KPPPKP", "h264", false, "111111")]
    [InlineData("PPKPP", "h264", false, "00111")]    // joined in the middle of a group
    [InlineData("KPDPPKP", "h264", false, "1100011")] // packets are lost: the group is over
    [InlineData("KPDPDKDPK", "hevc", false, "110001001")]
    [InlineData("DKP", "h264", false, "011")]
    [InlineData("PPP", "mjpeg", false, "000")]       // never: its pictures are key frames all
    [InlineData("PPDP", "something", false, "1101")] // nothing is known of its key frames
    [InlineData("KPPKP", "h264", true, "01111")]     // RTP: the first has no time stamp
    [InlineData("KDPPPPPPPPPPPP", "h264", false, "10000000000111")] // no further key frame: after a while undamaged ones count
    public void What_lacks_something_is_left_out(string frames, string codec, bool firstIsUndated, string shown)
    {
        var clock = new FakeTimeProvider();
        var trusted = new TrustedFrames(firstIsUndated, clock);
        string result = string.Concat(frames.Select(kind =>
        {
            bool isShown = trusted.Trusts(new LoggedFrame(0, kind == 'K', 8, 8, kind == 'D'), codec);
            clock.Advance(TimeSpan.FromSeconds(1));
            return isShown ? '1' : '0';
        }));
        Assert.Equal(shown, result);
    }
}
