using System.Text.Json;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Preprocess;

public sealed class FramePreprocessorTests(ITestOutputHelper output)
{
    private const float OneLevel = 1f / 255 / 0.26130258f + 1e-5f;

    [Theory]
    [InlineData("original-image", PreprocessPreset.OriginalImage, 5e-6f)]
    [InlineData("original-image-pad", PreprocessPreset.OriginalImagePad, 5e-6f)]
    [InlineData("hf", PreprocessPreset.Hf, 1e-6f)]
    [InlineData("hf-torchvision", PreprocessPreset.HfTorchvision, OneLevel)]
    public void Every_picture_equals_the_reference(string folder, PreprocessPreset preset, float tolerance)
    {
        var preprocessor = new FramePreprocessor(preset, 224);
        using SafeTensors sub = Golden.Tensors($"preprocessing/{folder}/sub.safetensors"),
            full = Golden.Tensors($"preprocessing/{folder}/full.safetensors");
        List<JsonElement> cases = GoldenCases.Of(folder);
        Assert.Equal(34, cases.Count);
        float largest = 0;
        foreach (JsonElement entry in cases)
        {
            string name = entry.GetProperty("case").GetString()!, tensor = entry.GetProperty("tensor").GetString()!;
            float[] values = preprocessor.Picture(GoldenCases.Picture(name)).Values;
            string key = sub.Tensors.ContainsKey(tensor) ? tensor : tensor.Replace("/", "__");
            float error = Largest(Subsample(values, 3, 4), sub[key].ToFloats());
            if (full.Tensors.TryGetValue(key, out HostTensor? whole)) error = Math.Max(error, Largest(values, whole.ToFloats()));
            largest = Math.Max(largest, error);
            Assert.True(error <= tolerance, $"{name}: off by {error:g3}, allowed {tolerance:g3}");
            RequireStatistics(name, entry, values, 3, preset == PreprocessPreset.HfTorchvision ? OneLevel : 5e-4f);
        }
        output.WriteLine($"largest error {largest:g3} of {tolerance:g3}");
    }

    [Theory]
    [InlineData("original-video", PreprocessPreset.OriginalVideo, 5e-6f)]
    [InlineData("hf-video", PreprocessPreset.Hf, 1e-6f)]
    public void Every_clip_equals_the_reference(string folder, PreprocessPreset preset, float tolerance)
    {
        var preprocessor = new FramePreprocessor(preset, 224);
        using SafeTensors sub = Golden.Tensors($"preprocessing/{folder}/sub.safetensors");
        float largest = 0;
        foreach (JsonElement entry in GoldenCases.Of(folder))
        {
            string name = entry.GetProperty("case").GetString()!;
            PixelValues pixels = preprocessor.Clip(GoldenCases.Clip(entry), 8);
            Assert.True(pixels.IsClip);
            float[] values = preset == PreprocessPreset.OriginalVideo ? ChannelsFirst(pixels) : pixels.Values;
            string key = entry.GetProperty("tensor").GetString()!.Replace("/", "__");
            // A lossy file: the decoder's pixels matter, so its values are allowed four levels (the tolerance of the decoded frames).
            float allowed = name.EndsWith("counter_100.mp4", StringComparison.Ordinal) ? 4 * OneLevel : tolerance;
            float error = Largest(Subsample(values, 24, 8), sub[key].ToFloats());
            if (allowed == tolerance) largest = Math.Max(largest, error);
            else output.WriteLine($"{name}: largest error {error:g3} of {allowed:g3}");
            Assert.True(error <= allowed, $"{name}: off by {error:g3}, allowed {allowed:g3}");
            if (allowed == tolerance) RequireStatistics(name, entry, values, preset == PreprocessPreset.OriginalVideo ? 3 : 8, 5e-4f);
        }
        output.WriteLine($"largest error {largest:g3} of {tolerance:g3}");
    }

    [Fact]
    public void A_clip_must_have_as_many_frames_as_announced()
    {
        var preprocessor = new FramePreprocessor(PreprocessPreset.OriginalVideo, 4);
        Frame frame = new(new byte[5 * 6 * 3], 5, 6, TimeSpan.Zero);
        Assert.Throws<ArgumentException>(() => preprocessor.Clip([frame], 2));
        Assert.Throws<ArgumentException>(() => preprocessor.Clip([frame, frame, frame], 2));
        PixelValues clip = preprocessor.Clip([frame, frame], 2);
        Assert.Equal((2, 4, 2 * 3 * 16), (clip.Frames, clip.Size, clip.Values.Length));
    }

    /// <summary>(groups, S, S) -> [:, 1::step, 1::step].</summary>
    private static float[] Subsample(float[] values, int groups, int step)
    {
        int side = (int)Math.Sqrt(values.Length / groups);
        var picked = new List<float>();
        for (int group = 0; group < groups; group++)
        {
            for (int y = 1; y < side; y += step)
            {
                for (int x = 1; x < side; x += step) picked.Add(values[(group * side + y) * side + x]);
            }
        }
        return [.. picked];
    }

    /// <summary>(frames, 3, S, S) -> (3, frames, S, S).</summary>
    private static float[] ChannelsFirst(PixelValues pixels)
    {
        int plane = pixels.Size * pixels.Size;
        var values = new float[pixels.Values.Length];
        for (int frame = 0; frame < pixels.Frames; frame++)
        {
            for (int channel = 0; channel < 3; channel++)
                pixels.Values.AsSpan((frame * 3 + channel) * plane, plane).CopyTo(values.AsSpan((channel * pixels.Frames + frame) * plane));
        }
        return values;
    }

    private static float Largest(float[] actual, float[] expected)
    {
        Assert.Equal(expected.Length, actual.Length);
        float largest = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            float error = Math.Abs(actual[i] - expected[i]);
            if (!(error <= largest)) largest = float.IsNaN(error) ? float.PositiveInfinity : error;
        }
        return largest;
    }

    private static void RequireStatistics(string name, JsonElement entry, float[] values, int groups, double tolerance)
    {
        int length = values.Length / groups;
        for (int group = 0; group < groups; group++)
        {
            float[] part = values[(group * length)..((group + 1) * length)];
            double mean = part.Average(value => (double)value);
            Near("mean", mean, 5e-4);
            Near("std", Math.Sqrt(part.Average(value => (value - mean) * (value - mean))), 5e-4);
            Near("min", part.Min(), tolerance);
            Near("max", part.Max(), tolerance);

            void Near(string what, double actual, double allowed)
            {
                double expected = entry.GetProperty(what)[group].GetDouble();
                Assert.True(Math.Abs(actual - expected) <= allowed, $"{name}: {what} {group} is {actual:g6}, not {expected:g6}");
            }
        }
        double sum = values.Sum(value => (double)Math.Abs(value)), expectedSum = entry.GetProperty("sum_abs").GetDouble();
        double relative = tolerance > 1e-3 ? 1e-3 : 1e-5; // hf-torchvision is held to one level, not to its sums
        Assert.True(Math.Abs(sum - expectedSum) <= relative * expectedSum, $"{name}: sum of magnitudes {sum:g9}, not {expectedSum:g9}");
    }
}
