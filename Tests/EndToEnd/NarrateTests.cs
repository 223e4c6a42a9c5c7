using System.Diagnostics;
using System.Text.Json;

namespace EdgeVideoLlava.Tests.EndToEnd;

/// <summary>The README's first command, and what may go wrong with it.</summary>
public sealed class NarrateTests
{
    private static readonly string Demo = Path.Combine(EdgeProcess.Repository, "Samples/ShapesWorld/clips/demo.mp4");

    [Fact]
    public async Task The_demo_gives_its_six_sentences_with_their_times()
    {
        EdgeResult result = await EdgeProcess.Run("narrate", Demo);
        Assert.Equal(0, result.Code);
        Assert.Equal(
            Expected().Select(caption => $"00:00:{caption.Start:00.0}-00:00:{caption.End:00.0}  {caption.Text}"),
            result.Output.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task JSON_lines_hold_the_same_captions()
    {
        EdgeResult result = await EdgeProcess.Run("narrate", Demo, "--format", "jsonl", "--threads", "1");
        Assert.Equal(0, result.Code);
        JsonElement[] lines = [.. result.Output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(Expected(), lines.Select(line => (line.GetProperty("start").GetDouble(), line.GetProperty("end").GetDouble(),
            line.GetProperty("text").GetString()!)));
        Assert.All(lines, line => Assert.InRange(line.GetProperty("tokens").GetInt32(), 2, 40));
    }

    [Fact]
    public async Task A_subtitle_file_appears_when_it_is_complete()
    {
        string folder = Directory.CreateTempSubdirectory("edge-").FullName, output = Path.Combine(folder, "demo.srt");
        EdgeResult result = await EdgeProcess.Run("narrate", Demo, "--format", "srt", "-o", output);
        Assert.Equal((0, ""), (result.Code, result.Output));
        Assert.StartsWith("1\n00:00:00,000 --> 00:00:04,000\nAn orange circle shrinks.\n\n2\n", File.ReadAllText(output));
        Assert.Single(Directory.GetFiles(folder));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Overlapping_windows_and_a_short_last_one_are_captioned()
    {
        EdgeResult result = await EdgeProcess.Run("narrate", Demo, "--format", "jsonl", "--window", "10s", "--every", "9s");
        double[] starts = [.. result.Output.TrimEnd('\n').Split('\n')
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("start").GetDouble())];
        Assert.Equal([0, 9, 18], starts); // 18..24 is more than half a window
    }

    [Fact]
    public async Task An_interrupt_ends_with_130_and_leaves_no_file()
    {
        string folder = Directory.CreateTempSubdirectory("edge-").FullName, output = Path.Combine(folder, "demo.vtt");
        using Process process = await EdgeProcess.Start(
            new EdgeRun { Arguments = ["narrate", Demo, "--window", "500ms", "--every", "10ms", "--format", "vtt", "-o", output] });
        while (Directory.GetFiles(folder).Length == 0) await Task.Delay(20);
        await Task.Delay(1000);
        EdgeProcess.Interrupt(process);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(20)));
        Assert.True(process.ExitCode == 130, $"{process.ExitCode}: {await errors}");
        Assert.Empty(Directory.GetFiles(folder));
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("--window 0s", "'0s' is no length of time")]
    [InlineData("--every nonsense", "'nonsense' is no length of time")]
    [InlineData("--max-tokens 0", "'0' is not a whole number from 1 to 100000")]
    [InlineData("--format pdf", "'pdf'")]
    public async Task A_wrong_option_is_code_1(string option, string complaint)
        => (await EdgeProcess.Run(["narrate", Demo, .. option.Split(' ')])).IsRefusal(1, complaint);

    [Fact]
    public async Task A_picture_names_chat()
        => (await EdgeProcess.Run("narrate", Path.Combine(EdgeProcess.Repository, "Samples/ShapesWorld/pictures/picture_00.png")))
        .IsRefusal(2, "edge chat");

    [Fact]
    public async Task An_output_that_cannot_be_written_is_code_2()
        => (await EdgeProcess.Run("narrate", Demo, "-o", "/proc/nothing/demo.srt")).IsRefusal(2, "cannot be written");

    [Fact]
    public async Task The_clip_itself_is_no_output()
        => (await EdgeProcess.Run("narrate", Demo, "-o", Demo)).IsRefusal(2, "choose another output path");

    [Fact]
    public async Task An_absent_device_is_code_3() => (await EdgeProcess.Run("narrate", Demo, "--device", "cuda:7")).IsRefusal(3, "cuda");

    [Theory]
    [InlineData("zero_byte.mp4")]
    [InlineData("text_renamed.mp4")]
    [InlineData("audio_only.mp4")]
    [InlineData("truncated_moov_last.mp4")]
    public async Task A_clip_that_is_none_is_code_2(string file)
        => (await EdgeProcess.Run("narrate", ReferenceFiles.Data($"video/edge/{file}"))).IsRefusal(2, file);

    [Fact]
    public async Task A_missing_file_is_code_2()
        => (await EdgeProcess.Run("narrate", "nowhere.mp4")).IsRefusal(2, "nowhere.mp4: no such file");

    [Theory]
    [InlineData("frames_1.mp4")]
    [InlineData("counter_100.mp4")]
    [InlineData("rotated_cw90.mp4")]
    [InlineData("vfr_24.mp4")]
    [InlineData("tenbit_h264.mp4")]
    [InlineData("odd_101x57_vp9.webm")]
    [InlineData("small_64x36.y4m")]
    [InlineData("truncated_moov_first.mp4")]
    public async Task Clips_of_every_kind_are_captioned(string file)
    {
        EdgeResult result = await EdgeProcess.Run("narrate", ReferenceFiles.Data($"video/edge/{file}"), "--format", "jsonl");
        Assert.True(result.Code == 0, result.Errors);
        Assert.All(result.Output.TrimEnd('\n').Split('\n'), line
            => Assert.NotEmpty(JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()!));
    }

    /// <summary>Four pictures of ten seconds each: a window shows the one that is on screen in it.</summary>
    [Fact]
    public async Task A_slide_show_has_a_caption_in_every_window()
        => Assert.Equal(Enumerable.Range(0, 10).Select(i => (4.0 * i, 4.0 * i + 4)), await Spans("slides.mp4"));

    /// <summary>The sound begins at zero and the pictures five seconds later, where players show them.</summary>
    [Fact]
    public async Task Captions_have_the_times_that_players_show() => Assert.Equal([(5.0, 9.0)], await Spans("late_video.mp4"));

    [Theory, InlineData("av1.mp4"), InlineData("av1.webm")]
    public async Task Without_ffmpeg_a_codec_that_needs_it_is_code_3_with_its_name(string file)
    {
        string tools = Directory.CreateTempSubdirectory("edge-").FullName; // all programs of this machine but ffmpeg
        IEnumerable<string> folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Where(Directory.Exists);
        foreach (string program in folders.SelectMany(Directory.EnumerateFiles))
        {
            string link = Path.Combine(tools, Path.GetFileName(program));
            if (!Path.GetFileName(program).StartsWith("ff", StringComparison.Ordinal) && !Path.Exists(link))
                File.CreateSymbolicLink(link, program);
        }
        var variables = new Dictionary<string, string?> { ["PATH"] = tools };
        EdgeResult result = await EdgeProcess.Run(
            new EdgeRun { Arguments = ["narrate", ReferenceFiles.Data($"faults/{file}")], Environment = variables });
        Directory.Delete(tools, recursive: true);
        result.IsRefusal(3, "av1 has no decoder in OpenCV's package");
        Assert.Contains("apt-get install -y --no-install-recommends ffmpeg", result.Errors);
    }

    private static async Task<(double, double)[]> Spans(string file)
    {
        EdgeResult result = await EdgeProcess.Run("narrate", ReferenceFiles.Data($"faults/{file}"), "--format", "jsonl", "--max-tokens", "2");
        Assert.True(result.Code == 0, result.Errors);
        return [.. result.Output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement)
            .Select(line => (line.GetProperty("start").GetDouble(), line.GetProperty("end").GetDouble()))];
    }

    private static IEnumerable<(double Start, double End, string Text)> Expected()
    {
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(ReferenceFiles.Golden("shapes-trained/cases.json")));
        return [.. cases.RootElement.GetProperty("demo").EnumerateArray().Select(window
            => (window.GetProperty("start").GetDouble(), window.GetProperty("end").GetDouble(),
                window.GetProperty("answer").GetString()!))];
    }
}
