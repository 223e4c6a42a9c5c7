using System.Diagnostics;
using System.Text.Json;

namespace EdgeVideoLlava.Tests.EndToEnd;

/// <summary>edge narrate of cameras and streams, as a user starts it.</summary>
public sealed class LiveNarrateTests : IDisposable
{
    private static readonly string Demo = Path.Combine(EdgeProcess.Repository, "Samples/ShapesWorld/clips/demo.mp4");

    private readonly string folder = Directory.CreateTempSubdirectory("edge-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Target(string name) => Path.Combine(folder, name);

    [Fact]
    public async Task The_test_camera_is_narrated_into_several_files_at_once()
    {
        EdgeResult result = await EdgeProcess.Run("narrate", "--camera", "test", "--captions", "1",
            "-o", Target("a.srt"), "-o", Target("a.vtt"), "-o", Target("a.jsonl"));
        Assert.True(result.Code == 0, result.Errors);
        Assert.Equal("", result.Output);
        JsonElement line = JsonDocument.Parse(File.ReadLines(Target("a.jsonl")).First()).RootElement;
        Assert.Equal("An orange circle shrinks.", line.GetProperty("text").GetString());
        TimeSpan age = DateTimeOffset.UtcNow - line.GetProperty("captured").GetDateTimeOffset();
        Assert.InRange(age, TimeSpan.FromSeconds(4), TimeSpan.FromMinutes(5));
        Assert.Contains("An orange circle shrinks.", File.ReadAllText(Target("a.srt")));
        Assert.StartsWith("WEBVTT", File.ReadAllText(Target("a.vtt")));
        Assert.Contains("first token", result.Errors);
    }

    /// <summary>Killed in the middle: what was said so far is there, whole.</summary>
    [Fact]
    public async Task A_kill_loses_no_caption_that_was_written()
    {
        using Process process = await EdgeProcess.Start(new EdgeRun
        {
            Arguments = ["narrate", "--camera", "test", "--window", "1s", "--every", "500ms", "--every-window", "-o", Target("a.jsonl")],
        });
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        while (!process.HasExited && (!File.Exists(Target("a.jsonl")) || Lines() < 3))
            await Task.Delay(20, TestContext.Current.CancellationToken);
        process.Kill(entireProcessTree: true);
        Assert.True(Lines() >= 3, await errors);
        Assert.EndsWith("}\n", File.ReadAllText(Target("a.jsonl")));
        Assert.All(File.ReadAllLines(Target("a.jsonl")), line => JsonDocument.Parse(line).Dispose());

        int Lines() => File.ReadAllText(Target("a.jsonl")).Count(c => c == '\n');
    }

    [Fact]
    public async Task A_recording_on_standard_input_is_narrated_whole()
    {
        EdgeResult result = await EdgeProcess.Shell(new EdgeRun
        {
            Arguments = [$"ffmpeg -v error -i {Demo} -f yuv4mpegpipe - | $EDGE narrate - --every-window"],
        });
        Assert.True(result.Code == 0, result.Errors);
        Assert.Equal(["An orange circle shrinks.", "A white star vanishes.", "A red circle moves down then moves left.",
            "A yellow square appears and a black circle moves right.", "A purple cross appears and a white ring moves down.",
            "A blue cross vanishes and an orange square stays still."],
            result.Output.TrimEnd('\n').Split('\n').Select(line => line[(line.IndexOf("  ", StringComparison.Ordinal) + 2)..]));
    }

    /// <summary>The clip with its captions, as a track beside the same pictures; both forms.</summary>
    [Theory, InlineData("a.mkv", "subrip"), InlineData("a.mp4", "mov_text")]
    public async Task A_clip_becomes_a_video_with_its_captions(string name, string track)
    {
        EdgeResult result = await EdgeProcess.Run("narrate", Demo, "-o", Target(name));
        Assert.True(result.Code == 0, result.Errors);
        EdgeResult probe = await EdgeProcess.Shell(new EdgeRun
        {
            Arguments = [$"ffprobe -v error -show_entries stream=codec_name -of csv=p=0 {Target(name)}; ffmpeg -v error -i {Target(name)} -f srt -"],
        });
        Assert.StartsWith($"h264\n{track}\n", probe.Output);
        Assert.Contains("00:00:20,000 --> 00:00:24,000\nA blue cross vanishes and an orange square stays still.", probe.Output);
    }

    [Theory]
    [InlineData("", "give one source: FILE, --camera or --url")]
    [InlineData("--camera 0 --url rtsp://cam/", "give one source")]
    [InlineData("--url file:///etc/passwd", "not the address of a stream")]
    [InlineData("--camera 77", "/dev/video77: there is no such camera")]
    [InlineData("--camera front", "no name of a camera")]
    [InlineData("--camera test:nowhere.mp4", "nowhere.mp4: no such file")]
    [InlineData("--url http://bob:hunter22@127.0.0.1:9/x?token=abcdef", "http://127.0.0.1:9/x: nobody listens there")]
    public async Task A_source_that_is_none_is_code_2(string options, string complaint)
    {
        EdgeResult result = await EdgeProcess.Run(["narrate", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Equal(2, result.Code);
        Assert.Contains(complaint, result.Errors.TrimEnd('\n').Split('\n')[^1]);
        Assert.DoesNotContain("hunter22", result.Errors + result.Output);
        Assert.DoesNotContain("abcdef", result.Errors + result.Output);
    }

    [Theory]
    [InlineData("--rotate 3", "neither 'day' nor a size")]
    [InlineData("--for never", "is no length of time")]
    [InlineData("--preset poem", "poem")]
    public async Task A_wrong_option_is_code_1(string option, string complaint)
        => (await EdgeProcess.Run(["narrate", "--camera", "test", .. option.Split(' ')])).IsRefusal(1, complaint);
}
