using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Live.Sinks;
using EdgeVideoLlava.Runtime.Live.Sources;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live.Sources;

/// <summary>Real streams of local servers, by their captions: the demo clip eight times as fast, six scenes of half a second.</summary>
[Collection(nameof(Alone))]
public sealed class LiveStreamTests : IClassFixture<LiveMedia>, IDisposable
{
    private const string Secret = "hunter22";

    private static readonly string[] Truth =
    [
        "An orange circle shrinks.", "A white star vanishes.", "A red circle moves down then moves left.",
        "A yellow square appears and a black circle moves right.", "A purple cross appears and a white ring moves down.",
        "A blue cross vanishes and an orange square stays still.",
    ];

    private readonly LiveMedia media;
    private readonly HttpStreamServer server;
    private readonly List<string> notices = [];
    private long framesDropped; // by the last windows

    public LiveStreamTests(LiveMedia media)
    {
        this.media = media;
        server = new HttpStreamServer(media.Folder);
    }

    public void Dispose() => server.Dispose();

    private LiveOptions Options => new()
    {
        Reconnects = false,
        Notice = line => { lock (notices) notices.Add(line); },
    };

    /// <summary>What is said about the first windows of a stream; the windows are taken first and put into words afterwards, so that a
    /// busy machine loses none.</summary>
    private async Task<string[]> Captions(string url, int count, LiveOptions? options = null, string? question = null)
    {
        LiveSource source = LiveSources.Url(StreamAddress.Parse(url));
        CancellationToken cancel = TestContext.Current.CancellationToken;
        var windows = new List<PixelWindow>();
        var half = TimeSpan.FromSeconds(0.5);
        var statistics = new LiveStatistics();
        var whole = new LiveWindows(media.Assistant, half, half, gate: null, statistics);
        await foreach (PixelWindow window in whole.Read(source.Read(options ?? Options, cancel), loses: false, cancel))
        {
            windows.Add(window);
            if (windows.Count == count) break;
        }
        framesDropped = statistics.FramesDropped;
        var captions = new List<string>();
        await new Narrator(media.Assistant, question ?? Assistant.Question, new GenerationOptions { MaxTokens = 40 })
            .Run(windows, new Sink(caption => captions.Add(caption.Text)), cancel: cancel);
        return [.. captions];
    }

    private sealed class Sink(Action<Caption> receive) : ICaptionSink
    {
        public void Write(Caption caption) => receive(caption);
    }

    [Theory, InlineData("fast.ts"), InlineData("list.m3u8")]
    public async Task A_transport_stream_and_a_play_list_over_HTTP(string path)
    {
        server.Password = $"bob:{Secret}";
        Assert.Equal(Truth, await Captions(server.Url($"{path}?token=abcdef", $"bob:{Secret}@"), 6));
        Assert.Empty(notices);
    }

    /// <summary>Motion JPEG has no time stamps: frames count when they arrive, here all at once, the last of them as the only window.</summary>
    [Fact]
    public async Task Motion_JPEG_over_HTTP()
        => Assert.Equal(["Yes"], await Captions(server.Url("star.mpjpeg"), 1, question: "Is there a white star?"));

    [Fact]
    public async Task A_connection_that_breaks_off_is_made_again()
    {
        server.Gives = n => (n == 1 ? media.HalfOf("fast.ts") : long.MaxValue, false);
        string[] captions = await Captions(server.Url("fast.ts"), 5, Options with { Reconnects = true });
        Assert.Equal(Truth[..2], captions[..2]);
        Assert.Equal(2, server.Requests.Count);
        Assert.Equal(["packets are missing; frames are left out up to the next whole one", "broke off; next attempt in 1 s", "is back"],
            notices.Select(line => line[(line.IndexOf(": ") + 2)..]));
    }

    [Fact]
    public async Task A_stream_that_stalls_is_opened_again()
    {
        server.Gives = n => n == 1 ? (media.HalfOf("fast.ts"), true) : (long.MaxValue, false);
        // A busy machine is slow to start ffmpeg.
        LiveOptions options = Options with { Reconnects = true, Stall = TimeSpan.FromSeconds(2), FirstAttempts = 20 };
        string[] captions = await Captions(server.Url("fast.ts"), 4, options);
        Assert.Equal(Truth[..2], captions[..2]);
        Assert.Contains(notices, notice => notice.Contains("no frame for 2 s"));
        Assert.True(server.Requests.Count >= 2);
    }

    [Theory]
    [InlineData("nothing.ts", "", "there is no such stream")]
    [InlineData("fast.ts", "bob:wrongword@", "wants another user or password")]
    [InlineData("evil.m3u8", $"bob:{Secret}@", "")]
    public async Task What_cannot_be_read_is_one_line_without_secrets(string path, string user, string why)
    {
        if (path != "nothing.ts") server.Password = $"bob:{Secret}";
        var refused = await Assert.ThrowsAsync<BadInputException>(() => Captions(server.Url($"{path}?token=abcdef", user), 1));
        Assert.Contains($"http://127.0.0.1:{server.Port}/{path}: {why}", refused.Message);
        Assert.DoesNotContain(Secret, refused.Message);
        Assert.DoesNotContain("wrongword", refused.Message);
        Assert.DoesNotContain("abcdef", refused.Message);
    }

    /// <summary>While a stream is read, no process on this machine has the password or the token among its arguments.</summary>
    [Fact]
    public async Task No_argument_of_a_process_holds_the_password()
    {
        server.Gives = _ => (long.MaxValue, true);
        server.Password = $"bob:{Secret}";
        LiveSource source = LiveSources.Url(StreamAddress.Parse(server.Url("fast.ts?token=abcdef", $"bob:{Secret}@")));
        await foreach (var _ in source.Read(Options, TestContext.Current.CancellationToken)) break;
        await using var frames = source.Read(Options, TestContext.Current.CancellationToken).GetAsyncEnumerator();
        Assert.True(await frames.MoveNextAsync());
        string[] commands = [.. Directory.GetDirectories("/proc", "*").Select(CommandLine).Where(command => command.StartsWith("ffmpeg")
            || command.Contains("/ffmpeg"))];
        Assert.Contains(commands, command => command.Contains("concat"));
        Assert.All(commands, command => Assert.False(command.Contains(Secret) || command.Contains("abcdef"), command));

        static string CommandLine(string process)
        {
            try
            {
                return File.ReadAllText($"{process}/cmdline").Replace('\0', ' ');
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return "";
            }
        }
    }

    [Fact]
    public async Task A_transport_stream_over_UDP()
    {
        int port = FreeUdpPort();
        Task<string[]> captions = Captions($"udp://127.0.0.1:{port}", 5);
        while (!IPGlobalProperties.GetIPGlobalProperties().GetActiveUdpListeners().Any(end => end.Port == port))
            await Task.Delay(10, TestContext.Current.CancellationToken);
        using Process sender = media.Run("-re", "-i", "fast.ts", "-c", "copy", "-f", "mpegts", $"udp://127.0.0.1:{port}?pkt_size=1316");
        Assert.Equal(Truth[..5], await captions);
    }

    [Fact]
    public async Task RTSP_over_TCP_with_a_password()
    {
        using var cam = new RtspServer(Path.Combine(media.Folder, "minute.ts"), $"bob:{Secret}");
        string url = $"rtsp://bob:{Secret}@127.0.0.1:{cam.Port}/cam";
        Assert.Equal(["Yes", "Yes"], await Captions(url, 2, question: "Is there a white star?"));
        Assert.Equal(["No", "No"], await Captions(url, 2, question: "Is there a red circle?"));
        Assert.Contains("PLAY", cam.Methods);
        var refused = await Assert.ThrowsAsync<BadInputException>(() => Captions($"rtsp://bob:wrongword@127.0.0.1:{cam.Port}/cam", 1));
        Assert.Equal($"rtsp://127.0.0.1:{cam.Port}/cam: wants another user or password", refused.Message);
    }

    /// <summary>Frame for frame: one that is a sixty-fourth of a second off shows the next scene in the window before. The first frame has no
    /// time stamp in ffmpeg and is left out; the stream shows its first picture twice.</summary>
    [Fact]
    public async Task RTSP_over_TCP_at_eight_times_the_speed()
    {
        using var cam = new RtspServer(Path.Combine(media.Folder, "twice.ts"), $"bob:{Secret}");
        // A machine that is too busy drops frames, and says so: what is left may be told otherwise. Then it is tried again.
        string url = $"rtsp://bob:{Secret}@127.0.0.1:{cam.Port}/cam";
        string[] captions = await Captions(url, 5);
        for (int again = 0; again < 4 && framesDropped > 0; again++) captions = await Captions(url, 5);
        Assert.Equal(Truth[..5], captions);
    }

    /// <summary>Every frame that is shown of a stream with holes is one that the whole stream shows, pixel for pixel.</summary>
    [Fact]
    public async Task Lost_packets_cost_frames_and_make_none_up()
    {
        HashSet<string> whole = [.. await Pictures("fast.ts")];
        List<string> shown = await Pictures("holes.ts");
        Assert.InRange(shown.Count, 20, whole.Count - 20);
        Assert.All(shown, picture => Assert.Contains(picture, whole));
        Assert.Single(notices, notice => notice.Contains("packets are missing"));
    }

    /// <summary>The digests of what a stream shows.</summary>
    private async Task<List<string>> Pictures(string path)
    {
        var pictures = new List<string>();
        LiveSource source = LiveSources.Url(StreamAddress.Parse(server.Url(path)));
        await foreach (Frame frame in source.Read(Options, TestContext.Current.CancellationToken))
            pictures.Add(Convert.ToHexString(SHA256.HashData(frame.Rgb)));
        return pictures;
    }

    /// <summary>ffmpeg sends and receives: SRT to a listener of ours, RTMP to ffmpeg's own small server.</summary>
    [Theory]
    [InlineData("srt", "mpegts")]
    [InlineData("rtmp", "flv")]
    public async Task SRT_and_RTMP(string scheme, string format)
    {
        int port = scheme == "srt" ? FreeUdpPort() : FreeTcpPort();
        string path = scheme == "rtmp" ? "/live/cam" : "", listen = scheme == "rtmp" ? $"{path}" : "?mode=listener";
        string[] server = scheme == "rtmp" ? ["-listen", "1"] : [];
        using Process sender = media.Run(["-re", "-i", "fast.ts", "-c", "copy", "-f", format, .. server, $"{scheme}://127.0.0.1:{port}{listen}"]);
        try
        {
            string[] captions = await Captions($"{scheme}://127.0.0.1:{port}{path}", 4, Options with { Reconnects = true, FirstAttempts = 10 });
            Assert.Equal(Truth[..4], captions);
        }
        finally
        {
            sender.Kill();
        }
    }

    /// <summary>What the narrator has said is in the file, whenever and however the stream dies: an orderly end, a reset, or ffmpeg killed; its
    /// time runs as fast as the machine.</summary>
    [Fact, Trait("Category", "long")]
    public async Task A_stream_killed_a_hundred_times_loses_no_caption_that_was_spoken()
    {
        const int Deaths = 100;
        int killed = 0;
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "captions.jsonl");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        server.Gives = n =>
        {
            if (n > Deaths) stop.Cancel();
            bool stalls = n % 3 == 0;
            if (stalls) Task.Delay(500).ContinueWith(_ => killed += KillOurFfmpeg(), TaskScheduler.Default);
            return (media.HalfOf("fast.ts") * (4 + n % 5) / 8, stalls); // from a quarter to all of it
        };
        server.Resets = n => n % 3 == 2;
        var spoken = new Spoken();
        var half = TimeSpan.FromSeconds(0.5);
        var windows = new LiveWindows(media.Assistant, half, half, gate: null, new LiveStatistics());
        LiveOptions options = Options with { Reconnects = true, Clock = new HastyClock(), Recycles = true };
        LiveSource source = LiveSources.Url(StreamAddress.Parse(server.Url("fast.ts")));
        using var log = new CaptionLog(path, CaptionFormat.Of(path)!);
        var sinks = new SinkGroup([log, new Sink(_ => Thread.Sleep(5))]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new Narrator(media.Assistant, Assistant.Question, new GenerationOptions
        { MaxTokens = 40 }).Run(windows.Read(source.Read(options, stop.Token), loses: false, stop.Token), sinks, spoken, stop.Token));
        sinks.Complete();
        string[] written = [.. File.ReadLines(path).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()!)];
        Assert.Equal(spoken.Texts, written);
        Assert.Equal(Truth[0], written[0]);
        Assert.InRange(written.Length, Deaths, int.MaxValue);
        Assert.Equal(Deaths, notices.Count(notice => notice.Contains("next attempt")));
        Assert.InRange(killed, Deaths / 4, Deaths);
        TestContext.Current.TestOutputHelper?.WriteLine($"{written.Length} captions, {server.Requests.Count} connections, {killed} times "
            + "ffmpeg killed");
    }

    private sealed class Spoken : IProgress<Caption>
    {
        public List<string> Texts { get; } = [];

        public void Report(Caption caption) => Texts.Add(caption.Text);
    }

    /// <summary>Kills the programs that this process has started to read streams.</summary>
    private static int KillOurFfmpeg()
    {
        int killed = 0;
        foreach (Process program in Process.GetProcessesByName("ffmpeg"))
        {
            using (program)
            {
                try
                {
                    string status = File.ReadAllText($"/proc/{program.Id}/stat");
                    if (status[(status.LastIndexOf(')') + 2)..].Split(' ')[1] != $"{Environment.ProcessId}") continue;
                    program.Kill();
                    killed++;
                }
                catch (Exception e) when (e is IOException or InvalidOperationException)
                {
                    // It has ended meanwhile.
                }
            }
        }
        return killed;
    }

    /// <summary>VLC's server, which knows UDP only and asks for the password its own way; one scene over and over, seen from anywhere in it.</summary>
    [Fact]
    public async Task RTSP_of_VLC_over_UDP_with_a_password()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/cvlc"), "VLC is not installed (apt-get install vlc-bin vlc-plugin-base)");
        int port = FreeTcpPort();
        bool root = Environment.UserName == "root"; // as which VLC does not start
        string[] drop = root ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : ["env"];
        var start = new ProcessStartInfo(drop[0], [.. drop[1..], "cvlc", "-I", "dummy", "--no-audio", "--no-media-library",
            Path.Combine(media.Folder, "minute.ts"), "--sout", $"#rtp{{sdp=rtsp://127.0.0.1:{port}/cam}}", "--sout-keep",
            "--sout-rtsp-user", "bob", "--sout-rtsp-pwd", Secret])
        { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["HOME"] = media.Folder;
        using Process vlc = Process.Start(start)!;
        vlc.BeginErrorReadLine();
        vlc.BeginOutputReadLine();
        try
        {
            while (!IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(end => end.Port == port))
            {
                Assert.False(vlc.HasExited, "VLC has ended");
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }
            Assert.Equal(["Yes"], await Captions($"rtsp://bob:{Secret}@127.0.0.1:{port}/cam", 1, Options with { Reconnects = true },
                question: "Is there a white star?"));
            var refused = await Assert.ThrowsAsync<BadInputException>(() => Captions($"rtsp://bob:wrongword@127.0.0.1:{port}/cam", 1));
            Assert.Equal($"rtsp://127.0.0.1:{port}/cam: wants another user or password", refused.Message);
        }
        finally
        {
            vlc.Kill(entireProcessTree: true);
        }
    }

    private static int FreeUdpPort()
    {
        using var socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.Client.LocalEndPoint!).Port;
    }

    private static int FreeTcpPort()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Dispose();
        return port;
    }
}
