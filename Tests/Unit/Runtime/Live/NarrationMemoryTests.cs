using System.Diagnostics;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live;

/// <summary>A long narration in one process: memory stays where it is.</summary>
[Trait("Category", "long"), Collection(nameof(Alone))]
public sealed class NarrationMemoryTests
{
    [Fact]
    public async Task A_thousand_windows_take_no_more_memory_than_a_hundred()
    {
        string shapes = Path.Combine(Golden.Repository, "Samples/ShapesWorld");
        using var device = new CpuDevice(2);
        using Assistant assistant = Assistant.Load($"{shapes}/model", device);
        var process = Process.GetCurrentProcess();
        long resident = 0, managed = 0, onDevice = 0;
        int count = 0;
        void Measure()
        {
            GC.Collect();
            process.Refresh();
            (resident, managed, onDevice) = (process.WorkingSet64, GC.GetTotalMemory(forceFullCollection: true), device.AllocatedBytes);
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"after {count} windows: resident {resident >> 10} KiB, managed {managed >> 10} KiB, device {onDevice >> 10} KiB");
        }
        (long Resident, long Managed, long Device) early = default;
        var narrator = new Narrator(assistant, "What is happening in the video?",
            new GenerationOptions { MaxTokens = 24, GuardLoops = true });
        PixelValues pixels = assistant.Look($"{shapes}/clips/clip_00.mp4");
        IEnumerable<PixelWindow> windows = Enumerable.Range(0, 1100)
            .Select(i => new PixelWindow(TimeSpan.FromSeconds(i), TimeSpan.FromSeconds(i + 1), pixels));
        await narrator.Run(windows, new CountingSink(() =>
        {
            count++;
            if (count % 100 == 0) Measure();
            if (count == 100) early = (resident, managed, onDevice);
        }), cancel: TestContext.Current.CancellationToken);
        Assert.Equal(1100, count);
        Assert.InRange(onDevice - early.Device, -(1 << 20), 1 << 20); // the window that waits may be there or not
        Assert.InRange(managed - early.Managed, long.MinValue, 1 << 20);
        Assert.InRange(resident - early.Resident, long.MinValue, 16 << 20);
    }

    /// <summary>Each narration has frames of its own and one window; of ten, one loses its source in the middle and one is cancelled.</summary>
    [Fact]
    public async Task A_thousand_narrations_with_errors_and_cancellations_take_no_more_memory_than_a_hundred()
    {
        string shapes = Path.Combine(Golden.Repository, "Samples/ShapesWorld");
        using var device = new CpuDevice(2);
        using Assistant assistant = Assistant.Load($"{shapes}/model", device);
        Frame[] clip;
        using (Clip file = Clip.Open($"{shapes}/clips/clip_00.mp4")) clip = [.. file.Read([.. Enumerable.Range(0, file.FrameCount)])];
        int captions = 0, failed = 0, cancelled = 0;
        (long Managed, long Resident) early = default;
        for (int i = 0; i < 1100; i++)
        {
            using var stop = new CancellationTokenSource();
            try
            {
                await foreach (Caption caption in assistant.NarrateAsync(Frames(clip, breaks: i % 10 == 3, i % 10 == 7 ? stop : null),
                    TimeSpan.FromSeconds(10), options: new GenerationOptions { MaxTokens = 24 }, cancel: stop.Token))
                {
                    Assert.Equal("A blue ring vanishes.", caption.Text);
                    captions++;
                }
            }
            catch (IOException)
            {
                failed++;
            }
            catch (OperationCanceledException)
            {
                cancelled++;
            }
            if (i == 99) early = Memory();
        }
        (long managed, long resident) = Memory();
        TestContext.Current.TestOutputHelper?.WriteLine($"{captions} captions, {failed} sources lost, {cancelled} cancelled; from 100 to 1,100: "
            + $"managed {(managed - early.Managed) >> 10} KiB more, resident {(resident - early.Resident) >> 10} KiB more");
        Assert.Equal((880, 110, 110), (captions, failed, cancelled));
        Assert.InRange(managed - early.Managed, long.MinValue, 1 << 20);
        Assert.InRange(resident - early.Resident, long.MinValue, 16 << 20);
    }

    private static (long Managed, long Resident) Memory()
    {
        long managed = GC.GetTotalMemory(forceFullCollection: true);
        using var process = Process.GetCurrentProcess();
        return (managed, process.WorkingSet64);
    }

    /// <summary>The frames as a program of its own would push them, in memory of their own.</summary>
    private static async IAsyncEnumerable<Frame> Frames(Frame[] clip, bool breaks, CancellationTokenSource? stop)
    {
        foreach ((int i, Frame frame) in clip.Index())
        {
            await Task.Yield();
            if (i == clip.Length / 2 && breaks) throw new IOException("unplugged");
            if (i == clip.Length / 2 && stop != null) await stop.CancelAsync();
            yield return Frame.FromPixels(frame.Rgb, frame.Width, frame.Height, PixelFormat.Rgb, time: frame.Time);
        }
    }

    private sealed class CountingSink(Action received) : ICaptionSink
    {
        public void Write(Caption caption) => received();
    }
}
