using EdgeVideoLlava.Runtime.Live.Sources;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live.Sources;

/// <summary>Which addresses are opened, and that their secrets are told to nobody.</summary>
public sealed class StreamAddressTests
{
    [Theory]
    [InlineData("rtsp://cam/1", "rtsp://cam/1")]
    [InlineData("rtsp://bob:hunter22@cam:8554/1?token=abcdef&x=1", "rtsp://cam:8554/1")]
    [InlineData("http://cam/a.m3u8", "http://cam/a.m3u8")]
    [InlineData("https://user@cam/", "https://cam/")]
    [InlineData("udp://239.1.2.3:5000", "udp://239.1.2.3:5000/")]
    [InlineData("srt://cam:9000?passphrase=verysecret", "srt://cam:9000/")]
    [InlineData("rtmp://cam/live/key", "rtmp://cam/live/key")]
    [InlineData("rtsp://[::1]:8554/1", "rtsp://[::1]:8554/1")]
    public void An_address_is_shown_without_its_secrets(string text, string shown)
    {
        StreamAddress address = StreamAddress.Parse(text);
        Assert.Equal((shown, shown), (address.Shown, $"{address}"));
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("/dev/video0")]
    [InlineData("concat:a|b")]
    [InlineData("pipe:0")]
    [InlineData("data:text/plain,x")]
    [InlineData("http:///x")]
    [InlineData("rtsp://secret:words@cam/a b")]
    [InlineData("rtsp://secret:words@cam/a'\nfile '/etc/passwd")]
    [InlineData("gopher://secret:words@cam/")]
    [InlineData("")]
    public void Anything_else_is_refused_and_not_repeated(string text)
    {
        string message = Assert.Throws<BadInputException>(() => StreamAddress.Parse(text)).Message;
        Assert.DoesNotContain("secret", message);
        Assert.Contains("rtsp://", message);
    }

    [Theory]
    [InlineData("rtsp://bob@cam/1", "p@ss:w$1/ö", "rtsp://bob:p%40ss%3Aw%241%2F%C3%B6@cam/1")]
    [InlineData("rtsp://bob:own@cam/1", "other", "rtsp://bob:own@cam/1")]
    [InlineData("rtsp://cam/1", "other", "rtsp://cam/1")]
    public void A_password_from_elsewhere_joins_the_user(string text, string password, string whole)
        => Assert.Equal(whole, StreamAddress.Parse(text, password).Secret);

    [Fact]
    public void What_another_program_says_loses_the_secrets()
    {
        StreamAddress address = StreamAddress.Parse("rtsp://bob%40home:hunter%2122@cam/1?token=abcdef");
        string said = address.Hide("Impossible to open 'rtsp://bob%40home:hunter%2122@cam/1?token=abcdef': user bob@home, password hunter!22, "
            + "sent hunter%2122 and token abcdef");
        Assert.Equal("Impossible to open 'rtsp://cam/1': user ***, password ***, sent *** and token ***", said);
    }

    /// <summary>Only network protocols, whatever a play list names.</summary>
    [Fact]
    public void No_scheme_may_read_files()
        => Assert.All(["rtsp", "rtsps", "http", "https", "udp", "srt", "rtmp", "rtmps"], scheme =>
            Assert.Empty(StreamAddress.Parse($"{scheme}://cam/").Protocols.Split(',').Intersect(["file", "pipe", "fd", "data", "concat", "subfile"])));
}
