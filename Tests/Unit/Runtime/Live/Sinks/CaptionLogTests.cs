using System.Text.Json;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Live.Sinks;
using EdgeVideoLlava.Tests.Unit.Support;
using Microsoft.Extensions.Time.Testing;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live.Sinks;

/// <summary>Files that grow for days: whole at any moment, and a full disk loses nothing.</summary>
public sealed class CaptionLogTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 11, 30, 23, 59, 50, TimeSpan.Zero);

    private readonly TemporaryFolder folder = new();
    private readonly FakeTimeProvider time = new(Start);
    private readonly List<string> notices = [];

    public void Dispose() => folder.Dispose();

    private string Target(string format) => Path.Combine(folder.Path, $"captions.{format}");

    private static Caption Say(int i) => new(TimeSpan.FromSeconds(4 * i), TimeSpan.FromSeconds(4 * i + 4), $"Caption {i}.")
    {
        Captured = Start.AddSeconds(4 * i),
    };

    private CaptionLog Log(string format, Rotation? rotation = null, Func<string, Stream>? open = null)
        => new(Target(format), CaptionFormat.Of(Target(format))!, rotation, notices.Add, time,
            open ?? (path => new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, 0)));

    /// <summary>Read while it is open, as after a kill: every caption so far, whole.</summary>
    [Theory, InlineData("srt"), InlineData("vtt"), InlineData("jsonl")]
    public void Each_caption_is_in_the_file_at_once(string format)
    {
        using CaptionLog log = Log(format);
        for (int i = 0; i < 5; i++)
        {
            log.Write(Say(i));
            string text = Read(Target(format));
            Assert.EndsWith(format == "jsonl" ? "}\n" : $"Caption {i}.\n\n", text);
            Assert.Equal(i + 1, text.Split("Caption ").Length - 1);
        }
        Assert.Contains("2026-11-30T23:59:54.000Z", Read(Target(format)));
    }

    [Theory, InlineData("srt"), InlineData("vtt"), InlineData("jsonl")]
    public void While_the_disk_is_full_captions_wait_and_then_follow_in_order(string format)
    {
        var disk = new SmallDisk();
        using CaptionLog log = Log(format, open: disk.Open);
        disk.Room = 200; // fills in the middle of a caption
        for (int i = 0; i < 10; i++) log.Write(Say(i));
        Assert.InRange(log.Waiting, 5, 9);
        Assert.EndsWith(format == "jsonl" ? "}\n" : "\n\n", disk.Text); // no half caption stays behind
        disk.Room = 100_000;
        log.Write(Say(10));
        log.Complete();
        using (CaptionLog plain = Log(format))
        {
            for (int i = 0; i <= 10; i++) plain.Write(Say(i));
        }
        Assert.Equal(Read(Target(format)), disk.Text);
        Assert.Equal(2, notices.Count);
        Assert.Contains("captions wait until it takes them", notices[0]);
        Assert.Contains("no caption was lost", notices[1]);
    }

    [Fact]
    public void Captions_that_no_disk_ever_took_are_counted_in_the_end()
    {
        var disk = new SmallDisk();
        using CaptionLog log = Log("jsonl", open: disk.Open);
        disk.Room = 0;
        for (int i = 0; i < 3; i++) log.Write(Say(i));
        Assert.Contains("3 captions are lost", Assert.Throws<BadInputException>(log.Complete).Message);
    }

    [Fact]
    public void A_file_for_each_day()
    {
        using (CaptionLog log = Log("srt", new Rotation(null, Daily: true)))
        {
            for (int i = 0; i < 5; i++)
            {
                log.Write(Say(i));
                time.Advance(TimeSpan.FromSeconds(4));
            }
        }
        string[] names = [.. Directory.GetFiles(folder.Path).Select(Path.GetFileName).OfType<string>().Order()];
        Assert.Equal(["captions-20261130T235950Z.srt", "captions-20261201T000002Z.srt"], names);
        Assert.Equal(3, Read(Path.Combine(folder.Path, names[0])).Split("Caption ").Length - 1);
        Assert.StartsWith("1\n00:00:12,000", Read(Path.Combine(folder.Path, names[1]))); // numbers begin anew
    }

    [Fact]
    public void A_file_for_each_size_and_none_takes_another_s_name()
    {
        using (CaptionLog log = Log("vtt", new Rotation(140, Daily: false)))
        {
            for (int i = 0; i < 6; i++) log.Write(Say(i));
        }
        string[] files = [.. Directory.GetFiles(folder.Path).Order()];
        Assert.Equal(3, files.Length);
        Assert.All(files, file => Assert.StartsWith("WEBVTT\n\n", Read(file)));
        Assert.Equal(6, files.Sum(file => Read(file).Split("Caption ").Length - 1));
    }

    [Fact]
    public void JSON_lines_are_continued_and_a_line_that_was_cut_stays_one_line()
    {
        File.WriteAllText(Target("jsonl"), "{\"text\":\"old\"}\n{\"text\":\"cu");
        using (var log = new CaptionLog(Target("jsonl"), CaptionFormat.Of(Target("jsonl"))!)) log.Write(Say(0));
        string[] lines = File.ReadAllLines(Target("jsonl"));
        Assert.Equal(3, lines.Length);
        Assert.Equal("Caption 0.", JsonDocument.Parse(lines[2]).RootElement.GetProperty("text").GetString());
    }

    [Fact]
    public void Subtitles_that_are_there_are_not_written_over()
    {
        File.WriteAllText(Target("srt"), "1\n...");
        Assert.Contains("is there already", Assert.Throws<BadInputException>(() => Log("srt")).Message);
        Assert.Equal("1\n...", File.ReadAllText(Target("srt")));
    }

    private static string Read(string path)
    {
        using var file = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return file.ReadToEnd();
    }

    /// <summary>A disk with little room: a write that does not fit is cut and fails, as the system does it.</summary>
    private sealed class SmallDisk
    {
        private readonly MemoryStream content = new();

        public int Room { get; set; } = 100_000;

        public string Text => System.Text.Encoding.UTF8.GetString(content.ToArray());

        public Stream Open(string path) => new Full(this);

        private sealed class Full(SmallDisk disk) : Stream
        {
            public override bool CanRead => false;
            public override bool CanSeek => true;
            public override bool CanWrite => true;
            public override long Length => disk.content.Length;
            public override long Position { get => disk.content.Position; set => disk.content.Position = value; }
            public override void Flush() { }
            public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
            public override long Seek(long offset, SeekOrigin origin) => disk.content.Seek(offset, origin);
            public override void SetLength(long value) => disk.content.SetLength(value);

            public override void Write(byte[] buffer, int offset, int count)
            {
                int fits = (int)Math.Clamp(disk.Room - disk.content.Length, 0, count);
                disk.content.Write(buffer, offset, fits);
                if (fits < count) throw new IOException("No space left on device", 28);
            }
        }
    }
}
