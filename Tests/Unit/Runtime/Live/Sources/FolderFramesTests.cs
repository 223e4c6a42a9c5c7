using EdgeVideoLlava.Runtime.Live.Sources;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live.Sources;

/// <summary>Pictures and clips of a folder, in the order of their names, each for its time.</summary>
public sealed class FolderFramesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private async Task<List<Frame>> Read()
    {
        var frames = new List<Frame>();
        await foreach (Frame frame in LiveSources.Folder(folder.Path, TimeSpan.FromSeconds(2), isLive: false).Read()) frames.Add(frame);
        return frames;
    }

    /// <summary>A clip of two frames, each 0.5 s, of one brightness.</summary>
    private void Clip(string name, byte luma)
    {
        byte[] frame = [.. "FRAME\n"u8, .. Enumerable.Repeat(luma, 16 * 16), .. Enumerable.Repeat((byte)128, 2 * 8 * 8)];
        File.WriteAllBytes(Path.Combine(folder.Path, name), [.. "YUV4MPEG2 W16 H16 F2:1 Ip C420jpeg\n"u8, .. frame, .. frame]);
    }

    [Fact]
    public async Task Numbers_count_as_numbers_and_clips_have_their_own_times()
    {
        foreach ((string name, int width) in new[] { ("p10.bmp", 10), ("p2.bmp", 2), ("p0003.bmp", 3) })
            File.WriteAllBytes(Path.Combine(folder.Path, name), Bitmap.Of(width, 8));
        Clip("p4.y4m", 235);
        File.WriteAllText(Path.Combine(folder.Path, ".hidden"), "no picture");
        List<Frame> frames = await Read();
        Assert.Equal([0, 2, 4, 4.5, 5], frames.Select(frame => frame.Time.TotalSeconds));
        Assert.Equal([2, 3, 16, 16, 10], frames.Select(frame => frame.Width));
    }

    [Fact]
    public async Task What_is_no_picture_and_an_empty_folder_are_one_line()
    {
        Assert.Contains("an empty folder", (await Assert.ThrowsAsync<BadInputException>(Read)).Message);
        File.WriteAllText(Path.Combine(folder.Path, "notes.txt"), "words and words\n");
        Assert.Contains("notes.txt", (await Assert.ThrowsAsync<BadInputException>(Read)).Message);
    }
}
