using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live;

/// <summary>Overlapping windows: each frame is encoded once where that is exact, and the rows are those of whole windows.</summary>
public sealed class FrameCodesTests
{
    /// <summary>Windows of 7 s every 2 s over a frame a second of the -hf model: 14 frames of which a window sees 8.</summary>
    [Fact]
    public async Task A_tower_without_temporal_attention_encodes_each_frame_once()
    {
        using var device = new CpuDevice(2);
        using Assistant assistant = Assistant.Load(Golden.Path("hf-tiny/checkpoint"), device, PreprocessPreset.OriginalVideo);
        (int windows, int encoded, long left) = await Compare(assistant, device);
        Assert.True(windows >= 4, $"{windows} windows");
        Assert.Equal(14, encoded);
        Assert.Equal(0, left);
    }

    [Fact]
    public async Task With_temporal_attention_each_window_is_encoded_whole()
    {
        using var device = new CpuDevice(2);
        using Assistant assistant = Assistant.Load(Golden.Path("original-tiny/checkpoint"), device);
        (int windows, int encoded, _) = await Compare(assistant, device);
        Assert.Equal(8 * windows, encoded);
    }

    private static async Task<(int Windows, int Encoded, long Left)> Compare(Assistant assistant, CpuDevice device)
    {
        int windows = 0, encoded;
        assistant.Encode(assistant.Look([.. Frames(8)], isClip: true)).Tokens.Dispose(); // the scratch takes its size
        long scratch = device.AllocatedBytes;
        using (var codes = new FrameCodes(assistant))
        {
            var read = new FrameWindows(assistant, TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(2));
            await foreach (PixelWindow window in read.Read(Frames(14).ToAsyncEnumerable(), default))
            {
                windows++;
                using PixelValues pixels = window.Pixels;
                using VisionTokens whole = assistant.Encode(pixels).Tokens, shared = codes.Encode(window, default).Tokens;
                using var queue = device.CreateQueue();
                Assert.Equal(queue.Read(whole.Rows), queue.Read(shared.Rows));
            }
            encoded = codes.Encoded;
        }
        return (windows, encoded, device.AllocatedBytes - scratch);
    }

    /// <summary>A frame a second, each of its own gray.</summary>
    private static IEnumerable<Frame> Frames(int count) => Enumerable.Range(0, count).Select(i => Frame.FromPixels(
        [.. Enumerable.Range(0, 48 * 48).Select(pixel => (byte)(pixel * (i + 3)))], 48, 48, PixelFormat.Gray, time: TimeSpan.FromSeconds(i)));
}
