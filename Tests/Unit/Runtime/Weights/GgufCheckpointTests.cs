using System.Runtime.InteropServices;
using System.Text.Json;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Runtime.Weights.Gguf;
using EdgeVideoLlava.Tests.Unit.Runtime.Text;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Weights;

/// <summary>GGUF files as checkpoints: what their keys ask for, split ones, and those with an mmproj file beside them.</summary>
public sealed class GgufCheckpointTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_split_file_is_read_as_one()
    {
        string path = Golden.Path("gguf/tiny_llama/tiny-llama-q8_0.gguf");
        (Dictionary<string, object> keys, List<GgufWriter.Entry> tensors) = Tiny("tiny-llama-q8_0.gguf");
        string[] parts = [.. Enumerable.Range(0, 3).Select(part => folder.File($"m-0000{part + 1}-of-00003.gguf", GgufWriter.Write(
            new Dictionary<string, object>(part == 0 ? keys : [])
            {
                ["split.no"] = (uint)part,
                ["split.count"] = 3u,
                ["split.tensors.count"] = tensors.Count,
            }, [.. tensors.Where((_, i) => i % 3 == part)])))];
        using var whole = new Checkpoint(path);
        foreach (string given in new[] { parts[0], folder.Path })
        {
            using var split = new Checkpoint(given);
            Assert.Equal(whole.Tensors.Count, split.Tensors.Count);
            Assert.All(whole.Tensors, pair => Assert.True(pair.Value.BytesEqual(split.Tensors[pair.Key])));
            Assert.Equal(ConfigReader.Read(whole).Language, ConfigReader.Read(split).Language);
        }
        Assert.Contains("give the first part", Refusal(parts[1]));
        File.Copy(parts[1], parts[2], overwrite: true);
        Assert.Contains("not part 3 of 3", Refusal(parts[0]));
        File.Delete(parts[2]);
        Assert.Contains("m-00003-of-00003.gguf: no such file", Refusal(parts[0]));
        File.Move(parts[0], Path.Combine(folder.Path, "renamed.gguf"));
        Assert.Contains("its name should end in -00001-of-00003.gguf", Refusal(Path.Combine(folder.Path, "renamed.gguf")));
    }

    [Theory]
    [InlineData("llama.rope.scaling.type", "yarn", "llama.rope.scaling.type is \"yarn\"; supported: none, linear")]
    [InlineData("llama.rope.scaling.factor", 4f, "llama.rope.scaling.factor is 4; supported: a scaling of the type linear")]
    [InlineData("llama.rope.scaling.attn_factor", 2f, "attn_factor is 2")]
    [InlineData("llama.rope.dimension_count", 32u, "llama.rope.dimension_count is 32; supported: the whole head, 64")]
    [InlineData("llama.rope.freq_base", -1f, "llama.rope.freq_base is -1")]
    [InlineData("llama.expert_count", 8u, "llama.expert_count is 8")]
    [InlineData("llama.attention.sliding_window", 128u, "sliding_window is 128")]
    [InlineData("llama.attention.value_length", 32u, "value_length is 32")]
    [InlineData("llama.attention.head_count", 0u, "head_count is 0; a whole number from 1")]
    [InlineData("llama.attention.head_count_kv", 3u, "4 heads and 3 key/value heads")]
    [InlineData("llama.context_length", "long", "llama.context_length is \"long\"; a whole number is wanted")]
    [InlineData("llama.block_count", 3u, "are missing: layers.2.")]
    [InlineData("llama.feed_forward_length", 511u, "should have the shape [511, 256]")]
    [InlineData("llama.embedding_length", 128u, "has not rows of 128")]
    [InlineData("general.architecture", "qwen2", "general.architecture is \"qwen2\"; supported: llama")]
    public void Keys_that_ask_for_another_model_are_refused_by_name(string key, object value, string complaint)
    {
        (Dictionary<string, object> keys, List<GgufWriter.Entry> tensors) = Tiny("tiny-llama-q8_0.gguf");
        keys[key] = value;
        string path = folder.File("x.gguf", GgufWriter.Write(keys, tensors));
        string message = Assert.Throws<BadInputException>(() => VideoLlava.Load(path, TestDevices.Get(TestDevice.Cpu)).Dispose()).Message;
        Assert.Contains(complaint, message);
        Assert.StartsWith(path, message);
    }

    [Fact]
    public void Rotary_scaling_is_applied()
    {
        (Dictionary<string, object> keys, List<GgufWriter.Entry> tensors) = Tiny("tiny-llama-q8_0.gguf");
        keys["llama.rope.scaling.type"] = "linear";
        keys["llama.rope.scaling.factor"] = 4f;
        Assert.Equal(Enumerable.Repeat(4f, 32), Config(keys, tensors).RopeDivisors);
        float[] factors = [.. Enumerable.Range(1, 32).Select(pair => 0.5f * pair)];
        tensors.Add(new GgufWriter.Entry("rope_freqs.weight", StorageType.F32, [32], MemoryMarshal.AsBytes<float>(factors).ToArray()));
        Assert.Equal(factors.Select(factor => 4 * factor), Config(keys, tensors).RopeDivisors);
        keys.Remove("llama.rope.scaling.type");
        keys.Remove("llama.rope.scaling.factor");
        Assert.Equal(factors, Config(keys, tensors).RopeDivisors);
        tensors[^1] = tensors[^1] with { Bytes = new byte[128] };
        Assert.Contains("rope_freqs.weight F32 [32] should hold 32 F32 numbers above 0",
            Assert.Throws<BadInputException>(() => Config(keys, tensors)).Message);
    }

    [Theory, InlineData("mmproj-f32.gguf"), InlineData("mmproj-compat-f16.gguf"), InlineData("mmproj-legacy-f16.gguf")]
    public void A_model_with_an_mmproj_file_sees_pictures(string name)
    {
        File.CreateSymbolicLink(Path.Combine(folder.Path, "model.gguf"), Golden.Path("gguf/tiny_llama/tiny-llama-f16.gguf"));
        File.CreateSymbolicLink(Path.Combine(folder.Path, name), Golden.Path($"gguf/mmproj/{name}"));
        using VideoLlava model = VideoLlava.Load(folder.Path, TestDevices.Get(TestDevice.Cpu));
        Assert.Equal((ModelVariant.Original, true, false), (model.Config.Variant, model.Config.SeesPictures, model.Config.SeesClips));
        using SafeTensors expected = Golden.Tensors("gguf/mmproj/expected.safetensors");
        using VisionTokens tokens = model.Encode(new PixelValues(expected["pixel_values"].ToFloats(), 1, 56, false));
        Assert.InRange(TextRun.Worst(expected["embedding.reference"].Span<float>(), model.VisionQueue.Read(tokens.Rows)), 0, 1e-4);
        JsonElement chunks = Json.Load(Golden.Path("gguf/mmproj/expected.json")).GetProperty("files").GetProperty("mmproj-f32.gguf")
            .GetProperty("chunks");
        int[] ids = [.. chunks[0].GetProperty("ids").Ids(), MergedPrompt.VisualMarker, .. chunks[2].GetProperty("ids").Ids()];
        MergedPrompt prompt = MergedPrompt.FromMarkers(ids, [tokens], 512);
        using LlamaState state = model.CreateState();
        Matrix logits = model.Device.AllocateMatrix(prompt.Length, 512);
        model.Prefill(prompt, state, logits);
        Assert.InRange(TextRun.Worst(expected["logits.reference"].Span<float>(), model.LanguageQueue.Read(logits)), 0, 1e-3);
        logits.Buffer.Dispose();
        Assert.Contains("no tower for clips", Assert.Throws<BadInputException>(() => model.Tower(ofClips: true)).Message);
    }

    [Fact]
    public void A_text_model_says_that_it_has_no_eyes()
    {
        using Assistant assistant = Assistant.Load(Golden.Path("gguf/tiny_llama/tiny-llama-q8_0.gguf"), TestDevices.Get(TestDevice.Cpu));
        string message = Assert.Throws<BadInputException>(() => assistant.Look(Golden.Data("images/edge/base_120x80.png"))).Message;
        Assert.Contains("reads text only", message);
        Assert.Throws<BadInputException>(() => assistant.Config.VideoTower);
        Assert.Equal("Text", assistant.Config.ToString().Split(',')[0]);
    }

    [Fact]
    public void An_mmproj_file_alone_is_no_model()
    {
        Assert.Contains("no language model is beside it", Refusal(Golden.Path("gguf/mmproj"), "mmproj-f32.gguf"));
        Assert.Contains("an mmproj file; give the folder that it is in", Assert.Throws<BadInputException>(()
            => VideoLlava.Load(Golden.Path("gguf/mmproj/mmproj-f32.gguf"), TestDevices.Get(TestDevice.Cpu))).Message);
    }

    private static string Refusal(string path) => Assert.Throws<BadInputException>(() => new Checkpoint(path).Dispose()).Message;

    private string Refusal(string source, string file)
    {
        string alone = Path.Combine(folder.Path, "alone");
        Directory.CreateDirectory(alone);
        File.CreateSymbolicLink(Path.Combine(alone, file), Path.Combine(source, file));
        return Refusal(alone);
    }

    private LlamaConfig Config(Dictionary<string, object> keys, List<GgufWriter.Entry> tensors)
    {
        using var checkpoint = new Checkpoint(folder.File("x.gguf", GgufWriter.Write(keys, tensors)));
        VideoLlavaConfig config = ConfigReader.Read(checkpoint);
        new ModelTensors(config).Check(checkpoint);
        return config.Language;
    }

    private static (Dictionary<string, object> Keys, List<GgufWriter.Entry> Tensors) Tiny(string name)
    {
        using var file = new GgufFile(Golden.Path($"gguf/tiny_llama/{name}"));
        return (GgufWriter.KeysOf(file), GgufWriter.TensorsOf(file));
    }
}
