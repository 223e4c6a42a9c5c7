using System.Diagnostics;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Preprocess;
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

    private sealed class CountingSink(Action received) : ICaptionSink
    {
        public void Write(Caption caption) => received();
    }
}
