using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live;

/// <summary>A stream's windows: which frames stand for each, read off pixels that hold the frame's number.</summary>
public sealed class FrameWindowsTests : IDisposable
{
    private readonly CpuDevice device = new(1);
    private readonly Assistant assistant;

    public FrameWindowsTests() => assistant = Assistant.Load(Golden.Path("original-tiny/checkpoint"), device);

    public void Dispose()
    {
        assistant.Dispose();
        device.Dispose();
    }

    /// <summary>Times in tenths of a second; length and distance; the windows as "start-end: frames".</summary>
    [Theory]
    [InlineData("0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20", 8, 8, "0-8: 0 1 2 3 4 5 6 7|8-16: 8 9 10 11 12 13 14 15|16-20: 16 17 18 19 20 20 20 20")]
    [InlineData("0 1 2 3 4 5 6 7 8 9 10 11", 8, 8, "0-8: 0 1 2 3 4 5 6 7")] // the last is under half
    [InlineData("0 1 2", 8, 8, "0-2: 0 1 2 2 2 2 2 2")] // short, but the only one
    [InlineData("5 6 7 8 9 10 11 12 13 14 15 16 17", 8, 4, "5-13: 0 1 2 3 4 5 6 7|9-17: 4 5 6 7 8 9 10 11|13-17: 8 9 10 11 12 12 12 12")]
    [InlineData("0 4 8 12", 8, 8, "0-8: 0 0 0 0 1 1 1 1|8-12: 2 2 2 2 3 3 3 3")] // slow
    [InlineData("0 1 2 3 40 41 42 43 44", 8, 8, "0-8: 0 1 2 3 3 3 3 3|40-44: 4 5 6 7 8 8 8 8")] // a gap: windows without frames are left out
    [InlineData("0 1 2 3 4 5 6 7 8", 4, 8, "0-4: 0 0 1 1 2 2 3 3")] // between windows nothing is looked at
    public async Task Each_window_has_the_frames_shown_at_its_moments(string times, int length, int every, string expected)
    {
        var got = new List<string>();
        int[] tenths = [.. times.Split(' ').Select(int.Parse)];
        var windows = new FrameWindows(assistant, Tenths(length), Tenths(every));
        await foreach (PixelWindow window in windows.Read(Frames(tenths), TestContext.Current.CancellationToken))
        {
            using PixelValues pixels = window.Pixels;
            got.Add($"{window.Start.TotalSeconds * 10:0}-{window.End.TotalSeconds * 10:0}: {string.Join(' ', Numbers(pixels))}");
        }
        Assert.Equal(expected, string.Join('|', got));
    }

    [Fact]
    public async Task A_program_s_frames_are_narrated_and_can_be_left()
    {
        var said = new List<Caption>();
        var options = new GenerationOptions { MaxTokens = 3 };
        await foreach (Caption caption in assistant.NarrateAsync(Frames([.. Enumerable.Range(0, 33)]), Tenths(8), options: options,
            cancel: TestContext.Current.CancellationToken)) said.Add(caption);
        Assert.Equal([0, 8, 16, 24], said.Select(caption => (int)Math.Round(caption.Start.TotalSeconds * 10)));
        await foreach (Caption caption in assistant.NarrateAsync(Endless(), Tenths(8), options: options,
            cancel: TestContext.Current.CancellationToken))
        {
            Assert.Equal(said[0].Text, caption.Text);
            break; // the endless stream ends with the loop
        }
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (Caption _ in assistant.NarrateAsync(Endless(), Tenths(8), options: options, cancel: stop.Token))
                await stop.CancelAsync();
        });
    }

    private static TimeSpan Tenths(int count) => TimeSpan.FromMilliseconds(100 * count);

    private static async IAsyncEnumerable<Frame> Frames(int[] tenths)
    {
        await Task.Yield();
        for (int i = 0; i < tenths.Length; i++)
            yield return Frame.FromPixels([.. Enumerable.Repeat((byte)(5 * i), 32 * 32)], 32, 32, PixelFormat.Gray, time: Tenths(tenths[i]));
    }

    private static async IAsyncEnumerable<Frame> Endless()
    {
        for (int i = 0; ; i++)
        {
            await Task.Yield();
            yield return Frame.FromPixels([.. Enumerable.Repeat((byte)(5 * i), 32 * 32)], 32, 32, PixelFormat.Gray, time: Tenths(i));
        }
    }

    /// <summary>The number of each frame: its gray, normalised by the red channel's mean and deviation, five levels a number.</summary>
    private static IEnumerable<int> Numbers(PixelValues pixels)
    {
        int frame = 3 * pixels.Size * pixels.Size;
        return Enumerable.Range(0, pixels.Frames)
            .Select(i => (int)Math.Round((pixels.Values[i * frame] * Normalization.Std[0] + Normalization.Mean[0]) * 255 / 5));
    }
}
