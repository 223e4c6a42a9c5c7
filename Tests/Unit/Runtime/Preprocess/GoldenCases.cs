using System.Text.Json;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Preprocess;

/// <summary>Inputs and expected values of one preset folder of the preprocessing goldens.</summary>
internal static class GoldenCases
{
    /// <summary>The cases of a preset, as written in its cases.json.</summary>
    public static List<JsonElement> Of(string preset)
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(Golden.Path($"preprocessing/{preset}/cases.json")));
        return [.. file.RootElement.GetProperty("cases").EnumerateArray().Select(entry => entry.Clone())];
    }

    /// <summary>The picture a case starts from: stored pixels for synthetic pictures and JPEG, our decoder for lossless files.</summary>
    public static Frame Picture(string name)
    {
        if (name.StartsWith("synthetic:", StringComparison.Ordinal)) return Stored("synthetic", name["synthetic:".Length..]);
        if (name.EndsWith(".jpg", StringComparison.Ordinal)) return Stored("jpeg_decoded", name);
        return Pictures.Read(Golden.Data(name), new PictureOptions { Exif = ExifHandling.Ignore });
    }

    /// <summary>The eight frames a clip case starts from: stored, computed by formula, or decoded by us (file:).</summary>
    public static List<Frame> Clip(JsonElement entry)
    {
        string name = entry.GetProperty("case").GetString()!;
        if (name.StartsWith("file:", StringComparison.Ordinal))
        {
            using Clip clip = EdgeVideoLlava.Runtime.Video.Clip.Open(Golden.Data(name["file:".Length..]),
                cancellation: TestContext.Current.CancellationToken);
            return [.. clip.Read(FrameSampler.Linspace(clip.FrameCount, 8), TestContext.Current.CancellationToken)];
        }
        int width = entry.GetProperty("width").GetInt32(), height = entry.GetProperty("height").GetInt32();
        if (name.StartsWith("formula_", StringComparison.Ordinal))
            return [.. Enumerable.Range(0, 8).Select(f => Formula(f, width, height))];
        using SafeTensors file = Golden.Tensors("preprocessing/inputs/clips.safetensors");
        byte[] all = file[name].Span<byte>().ToArray();
        return [.. all.Chunk(width * height * 3).Select(rgb => new Frame(rgb, width, height, TimeSpan.Zero))];
    }

    private static Frame Stored(string file, string name)
    {
        using SafeTensors tensors = Golden.Tensors($"preprocessing/inputs/{file}.safetensors");
        HostTensor tensor = tensors[tensors.Tensors.ContainsKey(name) ? name : name.Replace("/", "__")];
        return new Frame(tensor.Span<byte>().ToArray(), (int)tensor.Shape[1], (int)tensor.Shape[0], TimeSpan.Zero);
    }

    /// <summary>The formula of the goldens' README.</summary>
    private static Frame Formula(int f, int width, int height)
    {
        var rgb = new byte[width * height * 3];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                for (int c = 0; c < 3; c++) rgb[(y * width + x) * 3 + c] = (byte)(x * (3 + c) + y * (5 - c) + 17 * f + ((x * y) >> 4));
            }
        }
        return new Frame(rgb, width, height, TimeSpan.Zero);
    }
}
