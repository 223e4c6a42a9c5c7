using System.Text.Json;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Preprocess;

public sealed class ResamplerTests(ITestOutputHelper output)
{
    /// <summary>The units: name, input and output sizes (width, height).</summary>
    private static IEnumerable<(string Name, int[] In, int[] Out)> Units()
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(Golden.Path("preprocessing/resample/units.json")));
        return [.. file.RootElement.GetProperty("units").EnumerateArray().Select(unit => (unit.GetProperty("unit").GetString()!,
            Sizes(unit.GetProperty("in")), Sizes(unit.GetProperty("out"))))];

        static int[] Sizes(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetInt32())];
    }

    [Theory, InlineData("bicubic"), InlineData("bilinear")]
    public void Point_sampling_equals_torchs(string filter)
    {
        using SafeTensors golden = Golden.Tensors("preprocessing/resample/units.safetensors");
        float largest = 0;
        foreach ((string name, int[] from, int[] to) in Units())
        {
            Func<int, int, int, int, PointTaps> axis = filter == "bicubic" ? PointTaps.Bicubic : PointTaps.Bilinear;
            byte[] gray = golden[$"{name}/in_u8"].Span<byte>().ToArray();
            var frame = new Frame([.. gray.SelectMany(value => new[] { value, value, value })], from[0], from[1], TimeSpan.Zero);
            var chw = new float[3 * to[0] * to[1]];
            Resampler.Point(new Canvas(frame, square: false), Normalization.UnitTable(), axis(from[0], to[0], 0, to[0]),
                axis(from[1], to[1], 0, to[1]), chw);
            float[] expected = golden[$"{name}/torch_{filter}_noaa_f32"].ToFloats();
            Assert.Equal(expected.Length, to[0] * to[1]);
            for (int i = 0; i < chw.Length; i++)
            {
                float error = Math.Abs(chw[i] - expected[i % expected.Length]);
                Assert.True(error <= 5e-6f, $"{name}: value {i} is {chw[i]}, not {expected[i % expected.Length]}");
                largest = Math.Max(largest, error);
            }
        }
        output.WriteLine($"{filter}: largest error {largest:g3} of 5e-6");
    }

    [Fact]
    public void Bicubic_on_bytes_equals_pillows_bit_for_bit_and_torchs_within_a_level()
    {
        using SafeTensors golden = Golden.Tensors("preprocessing/resample/units.safetensors"),
            torch = Golden.Tensors("preprocessing/resample/units_aa.safetensors");
        int differing = 0, values = 0;
        foreach ((string name, int[] from, int[] to) in Units())
        {
            byte[] gray = golden[$"{name}/in_u8"].Span<byte>().ToArray();
            var whole = new ResizeCrop(to[0], to[1], 0, 0);
            Assert.Equal(golden[$"{name}/pillow_bicubic_u8"].Span<byte>().ToArray(),
                Resampler.BicubicPillow(gray, from[0], from[1], 1, whole, to[0], to[1]));
            byte[] ours = Resampler.BicubicTorchAntialias(gray, from[0], from[1], 1, whole, to[0], to[1]);
            byte[] expected = torch[$"{name}/torch_bicubic_aa_u8"].Span<byte>().ToArray();
            for (int i = 0; i < ours.Length; i++)
            {
                Assert.InRange(ours[i] - expected[i], -1, 1);
                differing += ours[i] == expected[i] ? 0 : 1;
            }
            values += ours.Length;
        }
        output.WriteLine($"torch: {differing} of {values} values differ by one level");
    }

    [Fact]
    public void Antialias_weights_give_the_references_float_results()
    {
        using SafeTensors golden = Golden.Tensors("preprocessing/resample/units.safetensors"),
            torch = Golden.Tensors("preprocessing/resample/units_aa.safetensors");
        foreach ((string name, int[] from, int[] to) in Units())
        {
            double[] values = [.. golden[$"{name}/in_f32"].ToFloats().Select(value => (double)value)];
            double[] across = Apply(new AntialiasTaps(from[0], to[0], 0, to[0]), values, from[0], from[1]);
            double[] down = Apply(new AntialiasTaps(from[1], to[1], 0, to[1]), across, from[1], to[0]);
            foreach (float[] expected in (float[][])[golden[$"{name}/pillow_bicubic_f32"].ToFloats(),
                torch[$"{name}/torch_bicubic_aa_f32"].ToFloats()])
            {
                for (int i = 0; i < expected.Length; i++)
                    Assert.True(Math.Abs(expected[i] - down[i]) <= 5e-6, $"{name}: value {i} is {down[i]}, not {expected[i]}");
            }
        }
    }

    [Theory, InlineData(PreprocessPreset.OriginalImage), InlineData(PreprocessPreset.OriginalVideo), InlineData(PreprocessPreset.Hf),
        InlineData(PreprocessPreset.HfTorchvision)]
    public void A_strip_costs_only_what_survives_the_crop(PreprocessPreset preset)
    {
        // The full result would be 56 x 560,000 pixels, 94 MB of bytes.
        var frame = new Frame(new byte[3 * 30_000], 3, 10_000, TimeSpan.Zero);
        var preprocessor = new FramePreprocessor(preset, 56);
        var values = new float[3 * 56 * 56];
        preprocessor.Write(frame, values);
        long before = GC.GetAllocatedBytesForCurrentThread();
        preprocessor.Write(frame, values);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 500_000);
        Assert.All(values, value => Assert.True(value < -1.4f));
    }

    [Theory]
    [InlineData(PreprocessPreset.OriginalImage, 28, 61, 224, 488, 0, 132)]
    [InlineData(PreprocessPreset.OriginalVideo, 28, 61, 224, 487, 0, 132)]
    [InlineData(PreprocessPreset.Hf, 28, 61, 224, 488, 0, 132)]
    [InlineData(PreprocessPreset.OriginalImage, 71, 70, 227, 224, 2, 0)]
    [InlineData(PreprocessPreset.Hf, 71, 70, 227, 224, 1, 0)]
    [InlineData(PreprocessPreset.OriginalImage, 201, 200, 225, 224, 0, 0)]
    public void Sizes_and_margins_follow_each_references_rounding(PreprocessPreset preset, int width, int height, int toWidth,
        int toHeight, int left, int top)
        => Assert.Equal(new ResizeCrop(toWidth, toHeight, left, top), ResizeCrop.For(preset, width, height, 224));

    /// <summary>Weighted sums along the last axis of (rows, length), transposed: (outputs, rows) becomes the next call's columns.</summary>
    private static double[] Apply(AntialiasTaps taps, double[] values, int length, int rows)
    {
        // values are (rows, length) on the first call and, transposed, (columns, length) on the second.
        var result = new double[rows * taps.Count];
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < taps.Count; i++)
            {
                double sum = 0;
                for (int tap = 0; tap < taps.Taps; tap++)
                    sum += taps.Weights[i * taps.Taps + tap] * values[row * length + taps.Starts[i] + tap];
                result[i * rows + row] = sum;
            }
        }
        return result;
    }
}
