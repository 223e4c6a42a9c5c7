using System.Text.Json;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Decoders;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Video;

/// <summary>Our decoders against the reference's frames (preprocessing/decode).</summary>
public sealed class DecodeGoldenTests(ITestOutputHelper output)
{
    [Theory, InlineData("opencv"), InlineData("ffmpeg")]
    public void Chosen_frames_are_the_references_within_its_tolerance(string backend)
    {
        Assert.SkipUnless(backend == "opencv" ? OpenCvLibrary.IsAvailable : FfmpegProgram.IsAvailable, $"needs the back end {backend}");
        using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(Golden.Path("preprocessing/decode/decode.json")));
        using SafeTensors frames = Golden.Tensors("preprocessing/decode/frames.safetensors");
        foreach (JsonElement entry in file.RootElement.GetProperty("clips").EnumerateArray())
        {
            string name = entry.GetProperty("file").GetString()!;
            using Clip clip = Clip.Open(Golden.Data(name), new ClipOptions { Backend = backend }, TestContext.Current.CancellationToken);
            Assert.Equal((Number("frames"), Number("width"), Number("height")), (clip.FrameCount, clip.Width, clip.Height));
            int[] indices = FrameSampler.Linspace(clip.FrameCount, 8);
            Assert.Equal(Numbers("indices_original"), indices);
            Assert.Equal(Numbers("indices_hf_arange"), FrameSampler.ArangeHf(clip.FrameCount, 8));
            // VP9 of odd size and 10 bits: decoders differ by more than rounding; the reference asks for means only.
            bool loose = name.Contains("vp9") || name.Contains("tenbit");
            byte[] expected = frames[entry.GetProperty("tensor").GetString()!].Span<byte>().ToArray();
            int at = 0, largest = 0, slot = 0;
            double total = 0;
            foreach (Frame frame in clip.Read(indices, TestContext.Current.CancellationToken))
            {
                for (int channel = 0; channel < 3; channel++)
                {
                    double mean = frame.Rgb.Where((_, i) => i % 3 == channel).Average(value => (double)value);
                    Assert.Equal(entry.GetProperty("mean_rgb")[slot][channel].GetDouble(), mean, loose ? 2.0 : 1.0);
                }
                slot++;
                foreach (byte value in Sample(frame, Number("sample_offset"), Number("sample_step")))
                {
                    int difference = Math.Abs(value - expected[at++]);
                    total += difference;
                    largest = Math.Max(largest, difference);
                }
            }
            Assert.Equal(expected.Length, at);
            output.WriteLine($"{backend} {name}: largest difference {largest}, mean {total / at:f3}");
            Assert.True(loose ? total / at <= 2 : largest <= 4, $"{name}: largest difference {largest}, mean {total / at:f2}");

            int Number(string key) => entry.GetProperty(key).GetInt32();
            IEnumerable<int> Numbers(string key) => entry.GetProperty(key).EnumerateArray().Select(value => value.GetInt32());
        }
    }

    [Theory, InlineData("opencv"), InlineData("ffmpeg")]
    public void Lossless_frames_are_exact(string backend)
    {
        Assert.SkipUnless(backend == "opencv" ? OpenCvLibrary.IsAvailable : FfmpegProgram.IsAvailable, $"needs the back end {backend}");
        using SafeTensors clips = Golden.Tensors("preprocessing/inputs/clips.safetensors");
        using Clip clip = Clip.Open(Golden.Data("video/edge/odd_101x57_ffv1.mkv"), new ClipOptions { Backend = backend },
            TestContext.Current.CancellationToken);
        byte[] read = [.. clip.Read(FrameSampler.Linspace(clip.FrameCount, 8), TestContext.Current.CancellationToken)
            .SelectMany(frame => frame.Rgb)];
        Assert.Equal(clips["ffv1_101x57"].Span<byte>().ToArray(), read);
    }

    private static IEnumerable<byte> Sample(Frame frame, int offset, int step)
    {
        for (int y = offset; y < frame.Height; y += step)
        {
            for (int x = offset; x < frame.Width; x += step)
            {
                for (int channel = 0; channel < 3; channel++) yield return frame.Rgb[(y * frame.Width + x) * 3 + channel];
            }
        }
    }
}
