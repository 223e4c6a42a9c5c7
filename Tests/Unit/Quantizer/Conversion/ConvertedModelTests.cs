using System.Text.Json;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Quantizer.Conversion;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Runtime.Text;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Quantizer.Conversion;

/// <summary>A Video-LLaVA as GGUF is the same model: its config, its tensors, its ids, its answers.</summary>
public sealed unsafe class ConvertedModelTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory, InlineData("original-tiny/checkpoint"), InlineData("original-tiny/checkpoint-bin"), InlineData("hf-tiny/checkpoint")]
    public void A_converted_model_is_the_same(string model)
    {
        string source = Golden.Path(model), target = Path.Combine(folder.Path, "out");
        ModelQuantizer.Run(source, target, ModelQuantizerTests.Options("f32"));
        Same(source, target);
        Same(source, Path.Combine(target, "language-f32.gguf"));
        string again = Path.Combine(folder.Path, "again");
        ModelQuantizer.Run(target, again, ModelQuantizerTests.Options("f32"));
        foreach (string file in Directory.GetFiles(target, "*.gguf"))
            Assert.Equal(new FileInfo(file).Length, new FileInfo(Path.Combine(again, Path.GetFileName(file))).Length);
        Same(target, again);
    }

    /// <summary>The placeholders' rows are random in -hf checkpoints: they are left out, and their ids still stand for pictures and
    /// clips.</summary>
    [Fact]
    public void Rows_of_placeholders_are_dropped()
    {
        string target = Path.Combine(folder.Path, "out");
        ModelQuantizer.Run(Golden.Path("hf-tiny/checkpoint"), target, ModelQuantizerTests.Options("f16"));
        using var checkpoint = new Checkpoint(target);
        Assert.Equal([512, 256], checkpoint.Tensors["embed_tokens.weight"].Shape);
        Assert.Equal([512, 256], checkpoint.Tensors["lm_head.weight"].Shape);
        TextTokenizer tokenizer = TextTokenizer.Load(target);
        Assert.Equal((512, 513, 514), (tokenizer.ImageTokenId, tokenizer.VideoTokenId, tokenizer.PadId));
        JsonElement manifest = Json.Load(Path.Combine(target, ModelQuantizer.ManifestName));
        Assert.Equal(("hf", 512, "hf"), (manifest.GetProperty("model").GetProperty("source_naming").GetString(),
            manifest.GetProperty("model").GetProperty("vocabulary_rows").GetInt32(),
            manifest.GetProperty("model").GetProperty("preprocessing").GetString()));
        Assert.All(manifest.GetProperty("files").EnumerateArray(), file => Assert.Equal(file.GetProperty("sha256").GetString(),
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(
                File.ReadAllBytes(Path.Combine(target, file.GetProperty("name").GetString()!))))));
    }

    [Theory, InlineData("q8_0"), InlineData("q4_k_m")]
    public void The_built_in_model_answers_from_its_converted_files(string type)
    {
        string target = Path.Combine(folder.Path, "out");
        ModelQuantizer.Run(ShapesAnswers.Model, target, ModelQuantizerTests.Options(type));
        ShapesAnswers.AssertKept(TestDevices.Get(TestDevice.Cpu), new LoadOptions(), output, all: false, model: target);
    }

    /// <summary>Config, tensors and ids, of what both have: rows of placeholders and the norm that no feature needs are left out.</summary>
    private static void Same(string source, string converted)
    {
        using Checkpoint expected = new(source), got = new(converted);
        VideoLlavaConfig before = ConfigReader.Read(expected), after = ConfigReader.Read(got);
        int rows = (int)got.Tensors["embed_tokens.weight"].Shape[0];
        Assert.Equal(before with { Notices = after.Notices, Language = before.Language with { Vocabulary = rows } }, after);
        Dictionary<string, TensorSpec> specs
            = new ModelTensors(after).Stored.ToDictionary(entry => entry.Tensor.Name, entry => entry.Tensor);
        Assert.Equal(specs.Keys.Where(name => !name.Contains("post_layernorm")).Order(), got.Tensors.Keys.Order());
        foreach ((string name, HostTensor tensor) in got.Tensors)
        {
            float[] numbers = Numbers(expected, expected.Tensors[name], specs[name]), kept = Numbers(got, tensor, specs[name]);
            Assert.True(kept.AsSpan().SequenceEqual(numbers.AsSpan(0, kept.Length)), name);
        }
        TextTokenizer one = TextTokenizer.Load(source), other = TextTokenizer.Load(converted);
        foreach (string text in new[] { "A cat.</s>USER: <video>\nwhat  is it? 12", " leading", "</s> x", "é漢字\u0001" })
        {
            int[] ids = one.Encode(text);
            Assert.Equal(ids, other.Encode(text));
            Assert.Equal(one.Decode(ids), other.Decode(ids));
            Assert.Equal(one.Decode(ids, skipSpecial: false), other.Decode(ids, skipSpecial: false));
        }
        Assert.Equal(one.FirstUnsampledId, other.FirstUnsampledId);
    }

    private static float[] Numbers(Checkpoint checkpoint, HostTensor tensor, TensorSpec spec)
    {
        var numbers = new float[tensor.Elements];
        int rows = (int)tensor.Shape[0], columns = (int)(tensor.Elements / rows);
        var stored = new HostRows(tensor.Address, rows, checkpoint.PairsNeighbours ? spec.RotaryHeads : 0);
        fixed (float* target = numbers) Assert.True(Pack.Rows(stored, tensor.Type, StorageType.F32, columns, (nint)target));
        return numbers;
    }
}
