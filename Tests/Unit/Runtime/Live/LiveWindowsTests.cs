using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live;

/// <summary>From frames to windows: what is lost when the reader is slow, what is left out, and that all is accounted for.</summary>
public sealed class LiveWindowsTests : IDisposable
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(1);

    private readonly CpuDevice device = new(1);
    private readonly Assistant assistant;
    private readonly LiveStatistics statistics = new();

    public LiveWindowsTests() => assistant = Assistant.Load(Golden.Path("original-tiny/checkpoint"), device);

    public void Dispose()
    {
        assistant.Dispose();
        device.Dispose();
    }

    private LiveWindows Windows(ChangeGateOptions? gate = null) => new(assistant, Length, Length, gate, statistics);

    /// <summary>Four frames a window, fewer than the ring holds; between two windows the gray changes where it is told to.</summary>
    private static async IAsyncEnumerable<Frame> Frames(int windows, Func<int, byte> gray, Func<int, Task>? before = null)
    {
        for (int i = 0; i <= 4 * windows; i++)
        {
            if (before != null) await before(i);
            yield return Frame.FromPixels([.. Enumerable.Repeat(gray(Math.Min(i / 4, windows - 1)), 32 * 32)], 32, 32, PixelFormat.Gray,
                time: TimeSpan.FromSeconds(i / 4.0));
        }
    }

    /// <summary>The source goes on while the first window is in words; what is said next is the newest.</summary>
    [Fact]
    public async Task A_slow_narrator_loses_windows_and_the_source_does_not_wait()
    {
        var over = new TaskCompletionSource();
        var taken = new TaskCompletionSource();
        var starts = new List<double>();
        // No frame is lost here: each is asked for once the window before it is whole.
        IAsyncEnumerable<Frame> frames = Frames(20, _ => 0, async i =>
        {
            if (i == 5) await taken.Task;
            while (i > 5 && statistics.Windows < (i - 1) / 4) await Task.Yield();
            if (i == 80) over.SetResult();
        });
        await foreach (PixelWindow window in Windows().Read(frames, loses: true, TestContext.Current.CancellationToken))
        {
            starts.Add(window.Start.TotalSeconds);
            taken.TrySetResult();
            await over.Task;
            while (statistics.Windows < 20) await Task.Yield();
            window.Pixels.Dispose();
        }
        Assert.Equal([0, 19], starts);
        Assert.Equal((81, 20, 18, 0), (statistics.Frames, statistics.Windows, statistics.WindowsDropped, statistics.WindowsStill));
    }

    [Fact]
    public async Task A_source_that_can_wait_loses_nothing()
    {
        int windows = 0;
        await foreach (PixelWindow window in Windows().Read(Frames(5, _ => 0), loses: false, TestContext.Current.CancellationToken))
        {
            windows++;
            window.Pixels.Dispose();
        }
        Assert.Equal((5, 0, 0), (windows, statistics.WindowsDropped, statistics.FramesDropped));
    }

    [Fact]
    public async Task Windows_without_change_are_left_out()
    {
        var starts = new List<double>();
        await foreach (PixelWindow window in Windows(ChangeGateOptions.Default)
            .Read(Frames(6, i => i is 3 or 4 ? (byte)200 : (byte)0), loses: false, TestContext.Current.CancellationToken))
        {
            starts.Add(window.Start.TotalSeconds);
            window.Pixels.Dispose();
        }
        Assert.Equal([0, 3, 5], starts);
        Assert.Equal((6, 3), (statistics.Windows, statistics.WindowsStill));
    }

    [Fact]
    public async Task A_window_knows_when_its_begin_was_taken()
    {
        DateTimeOffset noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);
        var captured = new List<DateTimeOffset?>();
        await foreach (PixelWindow window in Windows().Read(Stamped(), loses: false, TestContext.Current.CancellationToken))
        {
            captured.Add(window.Captured);
            window.Pixels.Dispose();
        }
        Assert.Equal([noon, noon.AddSeconds(1)], captured);

        async IAsyncEnumerable<Frame> Stamped()
        {
            await foreach (Frame frame in Frames(2, _ => 0)) yield return frame with { Captured = noon + frame.Time };
        }
    }
}
