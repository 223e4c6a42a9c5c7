using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live;

/// <summary>Overlapping windows on a device that preprocesses: each frame is made once and kept as long as an open window has it.</summary>
public sealed class ClipWindowsTests : IDisposable
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(2), Every = TimeSpan.FromMilliseconds(500);

    private readonly TemporaryFolder folder = new();
    private readonly IlgpuDevice device;
    private readonly Assistant assistant;

    public ClipWindowsTests()
    {
        _ = TestDevices.Get(TestDevice.OpenClPortable); // skips by name where there is none
        device = (IlgpuDevice)TestDevices.Open(TestDevice.OpenClPortable);
        assistant = Assistant.Load(Golden.Path("original-tiny/checkpoint"), device);
    }

    public void Dispose()
    {
        assistant.Dispose();
        device.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void Memory_holds_the_frames_of_open_windows_and_no_others()
    {
        using Clip clip = Open();
        IReadOnlyList<FrameWindow> windows = FrameSampler.Windows(clip.Times, clip.Duration, Length, Every, 8);
        HashSet<int> wanted = [.. windows.SelectMany(window => window.Indices)];
        Assert.Equal(10, windows.Count);
        Read(clip, _ => { }); // the scratch takes its size
        long before = Live(), frame = Frame(clip), joined = 8 * frame;
        var expected = new List<long>();
        var held = new List<long>();
        int next = 0;
        Read(clip, window =>
        {
            held.Add((Live() - before - joined) / frame);
            FrameWindow open = windows[next++];
            expected.Add(wanted.Count(index => index >= open.Indices[0] && index <= open.Indices[^1]));
        });
        Assert.Equal(expected, held);
        Assert.Equal(before, Live());
    }

    [Fact]
    public void Who_leaves_early_leaves_no_frame_behind()
    {
        using Clip clip = Open();
        Read(clip, _ => { });
        long before = Live();
        foreach (PixelWindow window in new ClipWindows(assistant, clip, Length, Every).Read(default))
        {
            window.Pixels.Dispose();
            break;
        }
        Assert.Equal(before, Live());
    }

    private void Read(Clip clip, Action<PixelWindow> look)
    {
        foreach (PixelWindow window in new ClipWindows(assistant, clip, Length, Every).Read(default))
        {
            look(window);
            window.Pixels.Dispose();
        }
    }

    /// <summary>Bytes of one preprocessed frame.</summary>
    private long Frame(Clip clip)
    {
        long before = Live();
        using PixelValues pixels = assistant.Look(clip.Read([0], default).Single());
        return Live() - before;
    }

    /// <summary>Bytes in use, when what was given back is back.</summary>
    private long Live()
    {
        device.WaitForAll();
        return device.AllocatedBytes;
    }

    /// <summary>Six seconds at 25 frames a second, so that windows choose different frames.</summary>
    private Clip Open()
    {
        var file = new List<byte>([.. "YUV4MPEG2 W32 H32 F25:1 Cmono\n"u8]);
        for (int i = 0; i < 150; i++) file.AddRange([.. "FRAME\n"u8, .. Enumerable.Repeat((byte)i, 32 * 32)]);
        return Clip.Open(folder.File("gray.y4m", [.. file]));
    }
}
