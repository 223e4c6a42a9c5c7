using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Preprocess;

public sealed class DevicePreprocessorTests(ITestOutputHelper output)
{
    /// <summary>4 · 2⁻²⁴ · Σ|terms|: two axes of bicubic weights, whose magnitudes add up to at most 1.375 each, of
    /// numbers up to 1, and the mean, by the deviation.</summary>
    private const double Tolerance = 4 * Expected.Unit * (1.375 * 1.375 + 0.49) / 0.261;

    private static readonly (int Width, int Height)[] Sizes = [(28, 28), (57, 91), (120, 31), (300, 20), (9, 200), (28, 61), (3, 2),
        (1, 1)];

    /// <summary>ILGPU's CPU accelerator, with a thread for each item, gets one preset for each of the two kernels.</summary>
    public static IEnumerable<TheoryDataRow<TestDevice, PreprocessPreset>> Rows
        => from device in TestDevices.ForKernels
           from preset in Enum.GetValues<PreprocessPreset>()
           where !device.ToString().StartsWith(nameof(TestDevice.IlgpuCpu))
           || preset is PreprocessPreset.OriginalImage or PreprocessPreset.Hf
           select new TheoryDataRow<TestDevice, PreprocessPreset>(device, preset);

    public static TheoryData<PreprocessPreset> Presets => [.. Enum.GetValues<PreprocessPreset>()];

    [Theory, DeviceRows(nameof(Rows))]
    public void Frames_of_every_shape_become_what_the_processor_makes_of_them(TestDevice device, PreprocessPreset preset)
    {
        using var made = new DevicePreprocessor(TestDevices.Get(device), preset, 28);
        var expected = new FramePreprocessor(preset, 28);
        foreach ((int width, int height) in Sizes)
        {
            Frame frame = Noise(width, height);
            using PixelValues picture = made.Picture(frame);
            Assert.False(picture.IsClip);
            Compare($"{width} x {height}", preset, expected.Picture(frame), picture);
        }
    }

    [Theory, InlineData(TestDevice.OpenCl), InlineData(TestDevice.OpenClPortable), InlineData(TestDevice.Cuda)]
    public void A_clip_may_change_its_size_on_the_way(TestDevice device)
    {
        using var made = new DevicePreprocessor(TestDevices.Get(device), PreprocessPreset.OriginalVideo, 28);
        Frame[] frames = [Noise(40, 60), Noise(40, 60), Noise(60, 40), Noise(200, 300), Noise(20, 30)];
        using PixelValues clip = made.Clip(frames, 5);
        Assert.Equal((5, 28, true), (clip.Frames, clip.Size, clip.IsClip));
        Compare("clip", PreprocessPreset.OriginalVideo, new FramePreprocessor(PreprocessPreset.OriginalVideo, 28).Clip(frames, 5), clip);
    }

    [Theory, InlineData(PreprocessPreset.Hf), InlineData(PreprocessPreset.OriginalImagePad)]
    public void A_frame_of_4K_is_no_exception(PreprocessPreset preset)
    {
        using var made = new DevicePreprocessor(TestDevices.Get(TestDevice.OpenCl), preset, 224);
        Frame frame = Noise(3840, 2160);
        using PixelValues picture = made.Picture(frame);
        Compare("4K", preset, new FramePreprocessor(preset, 224).Picture(frame), picture);
    }

    [Theory, DeviceRows(nameof(Presets))]
    public void Every_golden_picture_becomes_what_the_processor_makes_of_it(PreprocessPreset preset)
    {
        using var made = new DevicePreprocessor(TestDevices.Get(TestDevice.OpenClPortable), preset, 224);
        var expected = new FramePreprocessor(preset, 224);
        foreach (string name in GoldenCases.Of("hf").Select(entry => entry.GetProperty("case").GetString()!))
        {
            Frame frame = GoldenCases.Picture(name);
            using PixelValues picture = made.Picture(frame);
            Compare(name, preset, expected.Picture(frame), picture);
        }
    }

    [Theory, InlineData(TestDevice.OpenClPortable), InlineData(TestDevice.Cuda)]
    public void Nothing_is_left_on_the_device_also_when_a_clip_breaks_off(TestDevice name)
    {
        _ = TestDevices.Get(name); // skips where there is none
        using ComputeDevice device = TestDevices.Open(name);
        using (var made = new DevicePreprocessor(device, PreprocessPreset.Hf, 28))
        {
            made.Picture(Noise(5, 6)).Dispose();
            Assert.Throws<ArgumentException>(() => made.Clip([Noise(5, 6)], 2));
            Assert.Throws<ArgumentException>(() => made.Clip([Noise(5, 6), Noise(5, 6), Noise(5, 6)], 2));
            Assert.Throws<BadInputException>(() => made.Clip(Broken(), 2));
        }
        ((IlgpuDevice)device).AssertEmpty();

        static IEnumerable<Frame> Broken()
        {
            yield return Noise(5, 6);
            throw new BadInputException("the file ends here");
        }
    }

    /// <summary>The whole way of a GPU, on the processor: a file to words' space, with the frames resampled on the
    /// device or before.</summary>
    [Fact]
    public void A_model_sees_the_same_whoever_resamples()
    {
        using ComputeDevice device = TestDevices.Open(TestDevice.OpenClPortable);
        string shapes = Path.Combine(Golden.Repository, "Samples/ShapesWorld");
        using Assistant assistant = Assistant.Load($"{shapes}/model", device);
        using PixelValues seen = assistant.Look($"{shapes}/clips/clip_00.mp4");
        Assert.NotNull(seen.OnDevice);
        var onHost = new PixelValues(seen.ToHost(), seen.Frames, seen.Size, seen.IsClip);
        using VisionTokens made = assistant.Encode(seen).Tokens, uploaded = assistant.Encode(onHost).Tokens;
        Assert.Equal(assistant.Model.VisionQueue.Read(uploaded.Rows), assistant.Model.VisionQueue.Read(made.Rows));
        Assert.Throws<BadInputException>(() => assistant.Encode(seen with { Frames = 7 }));
    }

    private void Compare(string what, PreprocessPreset preset, PixelValues expected, PixelValues got)
    {
        bool exact = preset is PreprocessPreset.Hf or PreprocessPreset.HfTorchvision || got.OnDevice!.Value.Buffer.Device is CpuDevice;
        float[] wanted = expected.Values, values = got.ToHost();
        Assert.Equal(wanted.Length, values.Length);
        if (exact)
        {
            Assert.Equal(wanted, values);
            return;
        }
        double worst = 0;
        for (int i = 0; i < wanted.Length; i++)
        {
            double error = Math.Abs(wanted[i] - values[i]);
            Assert.True(error <= Tolerance, $"{what}: value {i} is {values[i]:G9}, not {wanted[i]:G9}");
            worst = Math.Max(worst, error);
        }
        output.WriteLine($"{what}: {worst / Tolerance:P0} of the tolerance");
    }

    private static Frame Noise(int width, int height)
    {
        var rgb = new byte[width * height * 3];
        new Random(width * 31 + height).NextBytes(rgb);
        return new Frame(rgb, width, height, TimeSpan.Zero);
    }
}
