using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live;

/// <summary>Window after window to sentences: overlap, order, ends of every kind, and what stays behind.</summary>
public sealed class NarratorTests : IDisposable
{
    private static readonly string Shapes = Path.Combine(Golden.Repository, "Samples/ShapesWorld");

    private static readonly GenerationOptions Short = new() { MaxTokens = 4 };

    private readonly CpuDevice device = new(2);
    private readonly Assistant assistant;

    public NarratorTests() => assistant = Assistant.Load($"{Shapes}/model", device);

    public void Dispose()
    {
        assistant.Dispose();
        device.Dispose();
    }

    private sealed class Sink(Action<Caption> receive) : ICaptionSink
    {
        public void Write(Caption caption) => receive(caption);
    }

    private IEnumerable<PixelWindow> Windows(int count, Action<int>? asked = null)
    {
        PixelValues pixels = assistant.Look($"{Shapes}/clips/clip_00.mp4");
        for (int i = 0; i < count; i++)
        {
            asked?.Invoke(i);
            yield return new PixelWindow(TimeSpan.FromSeconds(i), TimeSpan.FromSeconds(i + 1), pixels);
        }
        asked?.Invoke(count);
    }

    private Narrator Narrator(GenerationOptions? options = null) => new(assistant, "What is happening in the video?", options ?? Short);

    [Fact]
    public async Task The_next_window_is_encoded_while_the_last_is_put_into_words()
    {
        using var secondEncoded = new ManualResetEventSlim();
        var captions = new List<Caption>();
        // Window 2 is asked for when window 1 has been encoded. The first caption waits for that: one after the
        // other, it would wait for ever.
        IEnumerable<PixelWindow> windows = Windows(3, i =>
        {
            if (i == 2) secondEncoded.Set();
        });
        await Narrator().Run(windows, new Sink(caption =>
        {
            if (captions.Count == 0) Assert.True(secondEncoded.Wait(TimeSpan.FromSeconds(30)));
            captions.Add(caption);
        }), cancel: TestContext.Current.CancellationToken);
        Assert.Equal([0, 1, 2], captions.Select(caption => caption.Start.TotalSeconds));
    }

    /// <summary>The second window is whole while the first caption is being written, which takes long.</summary>
    [Fact]
    public async Task The_first_token_is_timed_from_the_windows_last_frame()
    {
        TimeSpan slow = TimeSpan.FromMilliseconds(300);
        var captions = new List<Caption>();
        using var secondWhole = new ManualResetEventSlim();
        await Narrator().Run(Windows(3, i =>
        {
            if (i == 2) secondWhole.Set();
        }), new Sink(caption =>
        {
            if (captions.Count == 0) Assert.True(secondWhole.Wait(TimeSpan.FromSeconds(30)));
            captions.Add(caption);
            if (captions.Count == 1) Thread.Sleep(slow);
        }), cancel: TestContext.Current.CancellationToken);
        Assert.All(captions, caption => Assert.True(caption.FirstToken >= caption.Encode, $"{caption}"));
        Assert.True(captions[1].FirstToken >= slow, $"{captions[1].FirstToken}");
    }

    [Fact]
    public async Task The_source_is_never_more_than_three_windows_ahead()
    {
        int asked = 0, written = 0, furthest = 0;
        await Narrator().Run(Windows(8, i =>
        {
            Volatile.Write(ref asked, i);
            int ahead = i - Volatile.Read(ref written);
            furthest = Math.Max(furthest, ahead);
        }), new Sink(_ =>
        {
            Thread.Sleep(20);
            Interlocked.Increment(ref written);
        }), cancel: TestContext.Current.CancellationToken);
        Assert.Equal((8, 8), (asked, written));
        Assert.InRange(furthest, 1, 3); // one in words, one waiting, one being encoded
    }

    [Fact]
    public async Task Cancelled_at_any_point_it_ends_at_once_and_leaves_nothing_on_the_device()
    {
        await Narrator().Run(Windows(3), new Sink(_ => { })); // the scratch takes its size
        long before = device.AllocatedBytes;
        foreach (string point in new[] { "before", "source 0", "source 1", "source 3", "sink 0", "sink 2", "delay 5", "delay 30",
            "delay 60" })
        {
            using var stop = new CancellationTokenSource();
            int written = 0;
            if (point == "before") stop.Cancel();
            if (point.StartsWith("delay")) stop.CancelAfter(int.Parse(point[6..]));
            Task narration = Narrator(new GenerationOptions { MaxTokens = 50 }).Run(Windows(100_000, i =>
            {
                if (point == $"source {i}") stop.Cancel();
            }), new Sink(_ =>
            {
                if (point == $"sink {written++}") stop.Cancel();
            }), cancel: stop.Token);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => narration.WaitAsync(TimeSpan.FromSeconds(20)));
            Assert.True(device.AllocatedBytes == before, $"cancelled at {point}: {device.AllocatedBytes - before} bytes are left");
        }
    }

    [Theory, InlineData(0), InlineData(1), InlineData(3)]
    public async Task An_exception_of_the_source_reaches_the_caller_after_the_captions_before_it(int after)
    {
        await Narrator().Run(Windows(2), new Sink(_ => { }));
        long before = device.AllocatedBytes;
        int captions = 0;
        var thrown = await Assert.ThrowsAsync<BadInputException>(() => Narrator().Run(Windows(10, i =>
        {
            if (i == after) throw new BadInputException($"clip.mp4: broken at window {i}");
        }), new Sink(_ => captions++)));
        Assert.Equal($"clip.mp4: broken at window {after}", thrown.Message);
        Assert.Equal((after, before), (captions, device.AllocatedBytes));
    }

    [Fact]
    public async Task An_exception_of_the_sink_or_of_the_model_ends_the_source_too()
    {
        await Narrator().Run(Windows(2), new Sink(_ => { }));
        long before = device.AllocatedBytes;
        int asked = 0;
        await Assert.ThrowsAsync<IOException>(() => Narrator()
            .Run(Windows(100_000, i => asked = i), new Sink(_ => throw new IOException("full"))));
        Assert.InRange(asked, 1, 4);
        await Assert.ThrowsAsync<BadInputException>(() => Narrator(new GenerationOptions { MaxTokens = 0 })
            .Run(Windows(100_000), new Sink(_ => { })));
        PixelValues wrong = new(new float[3 * 8 * 8], 1, 8, IsClip: true);
        await Assert.ThrowsAsync<BadInputException>(() => Narrator().Run([new PixelWindow(default, default, wrong)], new Sink(_ => { })));
        Assert.Equal(before, device.AllocatedBytes);
    }

    /// <summary>An answer is held until a newer window is encoded; with the option it is broken off then, and the next one is not.</summary>
    [Theory, InlineData(true, 2), InlineData(false, 4)]
    public async Task An_answer_is_broken_off_for_a_newer_window_but_never_two_in_a_row(bool breaks, int told)
    {
        var statistics = new LiveStatistics();
        var starts = new List<double>();
        var encoded = new int[1];
        var options = new NarrationOptions
        {
            Generation = new GenerationOptions { MaxTokens = 4 },
            BreaksStale = breaks,
            Check = _ => null,
            Silence = "nothing begins like this", // so that the narrator hears each word
        };
        var narrator = new Narrator(assistant, options)
        {
            Statistics = statistics,
            // Window n is in words; n + 2 is asked for once n + 1 is ready. The last window has none behind it.
            Heard = window => SpinWait.SpinUntil(() => Volatile.Read(ref encoded[0]) >= Math.Min(4, window.Start.TotalSeconds + 2), 30_000),
        };
        await narrator.Run(Windows(4, i => Volatile.Write(ref encoded[0], i)), new Sink(caption => starts.Add(caption.Start.TotalSeconds)),
            cancel: TestContext.Current.CancellationToken);
        Assert.Equal((told, 4 - told), (starts.Count, (int)statistics.AnswersBrokenOff));
        if (breaks) Assert.Equal([1, 3], starts);
    }

    [Fact]
    public async Task Nothing_to_narrate_is_no_caption() => await Narrator().Run([], new Sink(_ => Assert.Fail("a caption of nothing")));

    [Fact]
    public async Task Overlapping_windows_say_what_each_says_alone()
    {
        using Clip clip = Clip.Open($"{Shapes}/clips/demo.mp4");
        TimeSpan window = TimeSpan.FromSeconds(4), every = TimeSpan.FromSeconds(2);
        var windows = new ClipWindows(assistant, clip, window, every);
        var captions = new List<Caption>();
        var reported = new Reports();
        await Narrator(new GenerationOptions { MaxTokens = 40, GuardLoops = true })
            .Run(windows.Read(default), new Sink(captions.Add), reported);
        Assert.Equal(Enumerable.Range(0, 12).Select(i => 2.0 * i), captions.Select(caption => caption.Start.TotalSeconds));
        Assert.Equal(captions, reported.Captions);
        using Clip again = Clip.Open($"{Shapes}/clips/demo.mp4");
        var apart = new List<Caption>();
        await Narrator(new GenerationOptions { MaxTokens = 40 })
            .Run(new ClipWindows(assistant, again, window, window).Read(default), new Sink(apart.Add));
        Assert.Equal(apart.Select(caption => caption.Text), captions.Where((_, i) => i % 2 == 0).Select(caption => caption.Text));
    }

    /// <summary>On a GPU's way frames go up once, windows are joined there, and nothing is left: neither of whole
    /// windows nor of a narration that breaks off.</summary>
    [Fact]
    public async Task Windows_of_frames_on_a_device_say_the_same_and_leave_nothing()
    {
        using ComputeDevice accelerator = TestDevices.Open(TestDevice.OpenClPortable);
        using (Assistant there = Assistant.Load($"{Shapes}/model", accelerator))
        {
            List<string> expected = await Say(assistant, 3);
            Assert.Equal(expected, await Say(there, 3));
            ((IlgpuDevice)accelerator).WaitForAll();
            long before = accelerator.AllocatedBytes;
            await Assert.ThrowsAsync<IOException>(() => Narrate(there, 4, new Sink(_ => throw new IOException("full"))));
            ((IlgpuDevice)accelerator).WaitForAll();
            Assert.Equal(before, accelerator.AllocatedBytes);
        }
        ((IlgpuDevice)accelerator).AssertEmpty();

        static async Task<List<string>> Say(Assistant assistant, int count)
        {
            var captions = new List<string>();
            await Narrate(assistant, count, new Sink(caption => captions.Add(caption.Text)));
            return captions;
        }

        static async Task Narrate(Assistant assistant, int count, ICaptionSink sink)
        {
            using Clip clip = Clip.Open($"{Shapes}/clips/demo.mp4");
            var windows = new ClipWindows(assistant, clip, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(2));
            IEnumerable<PixelWindow> taken = windows.Read(default).Take(count).Select(window =>
            {
                Assert.Equal(assistant.Model.Device is IlgpuDevice, window.Pixels.OnDevice != null);
                return window;
            });
            await new Narrator(assistant, "What is happening in the video?", new GenerationOptions { MaxTokens = 40, GuardLoops = true })
                .Run(taken, sink);
        }
    }

    private sealed class Reports : IProgress<Caption>
    {
        public List<Caption> Captions { get; } = [];

        public void Report(Caption value) => Captions.Add(value);
    }
}
