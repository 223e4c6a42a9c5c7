using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using EdgeVideoLlava.Edge;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Live.Sinks;
using EdgeVideoLlava.Runtime.Live.Sources;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live;

/// <summary>Days of narration in little time: a synthetic camera whose clock runs as fast as the machine narrates.</summary>
/// <remarks>EDGE_SOAK_WINDOWS in place of 21,600 windows of four seconds, which are 24 hours.</remarks>
[Trait("Category", "long"), Collection(nameof(Alone))]
public sealed class NarrationSoakTests
{
    private const int Deaths = 100;

    private static readonly string Shapes = Path.Combine(Golden.Repository, "Samples/ShapesWorld");

    [Fact]
    public async Task A_day_with_a_source_that_dies_a_full_disk_and_a_slow_reader_loses_no_caption()
    {
        int windows = int.Parse(Environment.GetEnvironmentVariable("EDGE_SOAK_WINDOWS") ?? "21600", CultureInfo.InvariantCulture);
        NativeArenas.BeFew(); // as the program does
        using var folder = new TemporaryFolder();
        using var device = new CpuDevice(2);
        using Assistant assistant = Assistant.Load($"{Shapes}/model", device);
        (Frame[] frames, string[] truth) = Camera();
        int deaths = 0, notices = 0;
        var source = new LiveSource("cam", Pace.Recorded, (_, _) => Connect()) { OwnsMemory = true };
        var statistics = new LiveStatistics();
        var disk = new SmallDisk(Path.Combine(folder.Path, "captions.jsonl"));
        using var log = new CaptionLog(disk.Path, CaptionFormat.Of(disk.Path)!, null, _ => notices++, TimeProvider.System, disk.Open);
        var sinks = new SinkGroup([log, new SlowSink()]);
        using var stop = new CancellationTokenSource();
        var measure = new Measure(windows, device, disk, stop, TestContext.Current.TestOutputHelper);
        var live = new LiveWindows(assistant, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(4), ChangeGateOptions.Default, statistics);
        var narrator = new Narrator(assistant, Assistant.Question, new GenerationOptions { MaxTokens = 24, GuardLoops = true })
        { Statistics = statistics };
        var options = new LiveOptions { Clock = new HastyClock(), Recycles = true };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => narrator.Run(
            live.Read(source.Read(options, stop.Token), loses: false, stop.Token), sinks, measure, stop.Token));
        sinks.Complete();
        log.Complete();
        string[] said = [.. File.ReadLines(disk.Path).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()!)];
        TestContext.Current.TestOutputHelper?.WriteLine($"{said.Length} captions, {deaths} deaths, {disk.Refusals} refusals of the disk, "
            + $"{statistics.WindowsStill} still, {statistics.FramesDropped} frames dropped; {measure.Summary()}");
        Assert.Equal(windows, said.Length);
        Assert.True(deaths >= Deaths, $"the source died {deaths} times");
        Assert.True(disk.Refusals > 0, "the disk was never full");
        Assert.Equal((0, 0), (statistics.WindowsDropped, statistics.FramesDropped));
        Assert.All(said.Index(), caption => Assert.Equal(truth[caption.Index % truth.Length], caption.Item));
        measure.RequireFlat();

        // A connection lives for so many windows and breaks off without a word.
        IEnumerable<DecodedFrame> Connect()
        {
            int lifetime = Math.Max(1, windows / Deaths);
            for (int window = deaths * lifetime; window < (deaths + 1) * lifetime; window++)
            {
                for (int i = 0; i < 32; i++)
                {
                    Frame frame = frames[window % truth.Length * 32 + i];
                    yield return new DecodedFrame(4.0 * window + i / 8.0, false, frame.Width, frame.Height, false, Copy(frame));
                }
            }
            deaths++;
            throw new IOException("the camera has died");
        }
    }

    /// <summary>As a camera's frames, each has memory of its own.</summary>
    private static byte[] Copy(Frame frame)
    {
        byte[] rgb = FrameMemory.Allocate(frame.Width, frame.Height);
        frame.Rgb.CopyTo(rgb, 0);
        return rgb;
    }

    /// <summary>The demo clip's six scenes, 32 frames each, and what is said about them.</summary>
    private static (Frame[] Frames, string[] Truth) Camera()
    {
        using Clip clip = Clip.Open($"{Shapes}/clips/demo.mp4");
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(Golden.Path("shapes-trained/cases.json")));
        return ([.. clip.Read([.. Enumerable.Range(0, clip.FrameCount)])],
            [.. cases.RootElement.GetProperty("demo").EnumerateArray().Select(scene => scene.GetProperty("answer").GetString()!)]);
    }

    /// <summary>Stops for a while now and then, as a person who scrolls.</summary>
    private sealed class SlowSink : ICaptionSink
    {
        private int count;

        public void Write(Caption caption)
        {
            if (++count % 500 == 0) Thread.Sleep(2000);
        }
    }

    /// <summary>A disk that is full for a tenth of the time.</summary>
    private sealed class SmallDisk(string path)
    {
        public string Path { get; } = path;
        public bool IsFull { get; set; }
        public int Refusals { get; private set; }

        public Stream Open(string name) => new Guarded(this, new FileStream(name, FileMode.Append, FileAccess.Write, FileShare.Read, 0));

        private sealed class Guarded(SmallDisk disk, FileStream file) : Stream
        {
            public override bool CanRead => false;
            public override bool CanSeek => true;
            public override bool CanWrite => true;
            public override long Length => file.Length;
            public override long Position { get => file.Position; set => file.Position = value; }
            public override void Flush() => file.Flush();
            public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
            public override long Seek(long offset, SeekOrigin origin) => file.Seek(offset, origin);
            public override void SetLength(long value) => file.SetLength(value);

            public override void Write(byte[] buffer, int offset, int count)
            {
                file.Write(buffer, offset, disk.IsFull ? count / 2 : count);
                if (!disk.IsFull) return;
                disk.Refusals++;
                throw new IOException("No space left on device", 28);
            }

            protected override void Dispose(bool disposing)
            {
                if (disposing) file.Dispose();
                base.Dispose(disposing);
            }
        }
    }

    /// <summary>Counts captions, fills and empties the disk, and looks at memory and handles twenty times.</summary>
    private sealed class Measure(int windows, CpuDevice device, SmallDisk disk, CancellationTokenSource stop, ITestOutputHelper? output)
        : IProgress<Caption>
    {
        private readonly Stopwatch clock = Stopwatch.StartNew();
        private readonly List<(long Resident, long Managed, int Handles)> seen = [];
        private int count;

        public void Report(Caption caption)
        {
            count++;
            disk.IsFull = count % 1000 >= 900 && count < windows - 50;
            if (count % Math.Max(1, windows / 20) == 0) Look();
            if (count == windows) stop.Cancel();
        }

        public string Summary() => string.Create(CultureInfo.InvariantCulture,
            $"{clock.Elapsed.TotalMinutes:0.0} min, resident {seen[1].Resident >> 10} KiB after a tenth, {seen[^1].Resident >> 10} at the end, {Peak() >> 10} at most");

        private static long Peak()
        {
            using var process = Process.GetCurrentProcess();
            return process.PeakWorkingSet64;
        }

        /// <summary>From a tenth of the time on, as the system counts it: nobody asks the collector for anything, so that memory goes up and
        /// down between its visits; the means of six looks at the begin and at the end are compared. What lives on is counted once, at
        /// the end.</summary>
        public void RequireFlat()
        {
            double begin = seen[1..7].Average(look => look.Resident), end = seen[^6..].Average(look => look.Resident);
            TestContext.Current.TestOutputHelper?.WriteLine($"resident {begin / 1024:0} KiB at the begin, {end / 1024:0} at the end, on average");
            Assert.InRange(end, 0, begin * 1.05);
            Assert.InRange(seen[^1].Handles, 0, seen[1].Handles + 5);
            Assert.InRange(GC.GetTotalMemory(forceFullCollection: true), 0, 64 << 20);
        }

        private void Look()
        {
            long managed = GC.GetTotalMemory(forceFullCollection: false);
            using var process = Process.GetCurrentProcess();
            seen.Add((process.WorkingSet64, managed, Directory.GetFiles("/proc/self/fd").Length));
            output?.WriteLine($"{count} captions, {clock.Elapsed.TotalSeconds:0} s: resident {process.WorkingSet64 >> 10} KiB, managed "
                + $"{managed >> 10} KiB of {GC.GetGCMemoryInfo().TotalCommittedBytes >> 10}, device {device.AllocatedBytes >> 10} KiB, {seen[^1].Handles} files");
        }
    }
}
