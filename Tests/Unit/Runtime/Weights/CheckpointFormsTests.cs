using System.Text.Json;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Runtime.Text;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Weights;

/// <summary>The same model in every form in which it can be given.</summary>
public sealed class CheckpointFormsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Shards_of_PyTorch_hold_what_those_of_safetensors_hold()
    {
        using var expected = new Checkpoint(Golden.Path("original-tiny/checkpoint"));
        using var got = new Checkpoint(Golden.Path("original-tiny/checkpoint-bin"));
        Equal(expected, got, expected.Tensors.Keys);
        Assert.Equal(expected.Tensors.Count, got.Tensors.Count);
        Assert.Equal(ModelVariant.Original, ConfigReader.Read(got).Variant);
    }

    /// <summary>As after the first stage of training: a language model, mm_projector.bin, and the towers in their own
    /// repositories.</summary>
    [Fact]
    public void A_model_is_put_together_from_its_parts()
    {
        using var expected = new Checkpoint(Golden.Path("original-tiny/checkpoint"));
        string model = LanguageModel(expected);
        string message = Assert.Throws<BadInputException>(() => new Checkpoint(model)).Message;
        Assert.Contains("towers/LanguageBind_Image", message);
        Directory.CreateSymbolicLink(Path.Combine(model, "towers"), Folder(Golden.Path("original-tiny/towers/LanguageBind_Image/pytorch_model.bin"), 2));
        File.CreateSymbolicLink(Path.Combine(model, "mm_projector.bin"), Golden.Path("original-tiny/pretrain/mm_projector.bin"));
        using var got = new Checkpoint(model);
        Equal(expected, got, expected.Tensors.Keys);
        Assert.Equal(expected.Tensors.Count, got.Tensors.Count);
        VideoLlavaConfig config = ConfigReader.Read(got);
        new ModelTensors(config).Check(got);
        Assert.Equal((2, 2, 8), (config.ImageTower.Heads, config.VideoTower.Heads, config.VideoTower.TemporalFrames));
    }

    /// <summary>So that no output is written over them: of a GGUF file its other parts, of an adapter its model, of a folder its towers.</summary>
    [Fact]
    public void The_files_of_every_form_are_known()
    {
        string file = folder.File("m-00001-of-00002.gguf", [0]), part = folder.File("m-00002-of-00002.gguf", [0]);
        Assert.Contains(part, Checkpoint.Files(file));
        Assert.Contains(file, Checkpoint.Files(file));
        string model = Path.Combine(folder.Path, "model"), adapter = Path.Combine(folder.Path, "adapter");
        Directory.CreateDirectory(Path.Combine(model, "towers/LanguageBind_Image"));
        Directory.CreateDirectory(adapter);
        string shard = Path.Combine(model, "model.safetensors"), tower = Path.Combine(model, "towers/LanguageBind_Image/pytorch_model.bin");
        foreach (string path in new[] { shard, tower }) File.WriteAllBytes(path, [0]);
        File.WriteAllText(Path.Combine(adapter, "adapter_config.json"), """{ "base_model_name_or_path": "org/model" }""");
        Assert.Superset(new HashSet<string> { shard, tower }, Checkpoint.Files(model).ToHashSet());
        Assert.Superset(new HashSet<string> { shard, tower }, Checkpoint.Files(adapter).Select(Path.GetFullPath).ToHashSet());
    }

    [Fact]
    public void A_projector_alone_is_no_model()
        => Assert.Contains("put it into the folder of its language model",
            Assert.Throws<BadInputException>(() => new Checkpoint(Golden.Path("original-tiny/pretrain"))).Message);

    [Fact]
    public void An_adapter_is_merged_into_the_model_that_it_names()
    {
        string path = Golden.Path("gguf/tiny_llama/hf/tiny-lora");
        using SafeTensors expected = Golden.Tensors("gguf/tiny_llama/expected_lora.safetensors");
        JsonElement prompts = Json.Load(Golden.Path("gguf/tiny_llama/expected_lora.json")).GetProperty("prompts");
        using VideoLlava model = VideoLlava.Load(path, TestDevices.Get(TestDevice.Cpu));
        Assert.Equal(512, TextTokenizer.Load(path).FirstUnsampledId);
        foreach (JsonProperty prompt in prompts.EnumerateObject())
        {
            int[] ids = prompt.Value.GetProperty("ids_with_bos").Ids();
            float[] got = TextRun.Logits(model, ids, ids.Length);
            Assert.InRange(TextRun.Worst(expected[$"{prompt.Name}.logits.peft_fp32"].Span<float>(), got), 0, 1e-4);
        }
    }

    /// <summary>As Video-LLaVA's own training leaves it: adapter_model.bin for the language model, the projector in
    /// non_lora_trainables.bin.</summary>
    [Fact]
    public void An_adapter_of_PyTorch_comes_with_tensors_that_replace_the_model_s()
    {
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "base"), Golden.Path("original-tiny/checkpoint"));
        var random = new Random(5);
        float[] a = [.. Enumerable.Range(0, 2 * 256).Select(_ => random.NextSingle() - 0.5f)], bias = [.. Enumerable.Repeat(0.25f, 256)];
        float[] b = [.. Enumerable.Range(0, 512 * 2).Select(_ => random.NextSingle() - 0.5f)];
        const string Layer = "base_model.model.model.layers.1.mlp.up_proj";
        TorchWriter.Write(folder, "adapter_model.bin", ($"{Layer}.lora_A.weight", [2, 256], a), ($"{Layer}.lora_B.weight", [512, 2], b));
        TorchWriter.Write(folder, "non_lora_trainables.bin", ("base_model.model.model.mm_projector.0.bias", [256], bias));
        WriteAdapterConfig("""{ "peft_type": "LORA", "r": 2, "lora_alpha": 4, "base_model_name_or_path": "somewhere/base" }""");
        using var model = new Checkpoint(folder.Path);
        using var before = new Checkpoint(Path.Combine(folder.Path, "base"));
        Assert.Equal(bias, model.Tensors["projector.0.bias"].ToFloats());
        float[] old = before.Tensors["layers.1.mlp.up_proj.weight"].ToFloats(),
            merged = model.Tensors["layers.1.mlp.up_proj.weight"].ToFloats();
        for (int i = 0; i < merged.Length; i++)
        {
            int row = i / 256, column = i % 256;
            double wanted = old[i] + 2.0 * ((double)b[2 * row] * a[column] + (double)b[2 * row + 1] * a[256 + column]);
            Assert.InRange(merged[i] - wanted, -1e-6, 1e-6);
        }
        Equal(before, model, before.Tensors.Keys.Except(["projector.0.bias", "layers.1.mlp.up_proj.weight"]));
        new ModelTensors(ConfigReader.Read(model)).Check(model);
    }

    [Theory]
    [InlineData("""{ "peft_type": "LORA", "r": 2, "use_dora": true, "base_model_name_or_path": "base" }""", "use_dora")]
    [InlineData("""{ "peft_type": "IA3", "r": 2, "base_model_name_or_path": "base" }""", "peft_type")]
    [InlineData("""{ "peft_type": "LORA", "r": 2, "rank_pattern": { "q_proj": 4 }, "base_model_name_or_path": "base" }""", "rank_pattern")]
    [InlineData("""{ "peft_type": "LORA", "r": 0, "base_model_name_or_path": "base" }""", "r is 0")]
    [InlineData("""{ "peft_type": "LORA", "r": 2, "base_model_name_or_path": "../../etc/absent" }""", "an adapter of the model absent")]
    [InlineData("""{ "peft_type": "LORA", "r": 3, "base_model_name_or_path": "base" }""", "at the rank 3")]
    public void An_adapter_that_asks_for_more_is_refused(string config, string why)
    {
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "base"), Golden.Path("original-tiny/checkpoint"));
        const string Layer = "base_model.model.model.layers.1.mlp.up_proj";
        TorchWriter.Write(folder, "adapter_model.bin", ($"{Layer}.lora_A.weight", [2, 256], new float[512]),
            ($"{Layer}.lora_B.weight", [512, 2], new float[1024]));
        WriteAdapterConfig(config);
        Assert.Contains(why, Assert.Throws<BadInputException>(() => new Checkpoint(folder.Path)).Message);
    }

    private static string Folder(string path, int up) => up == 0 ? path : Folder(Path.GetDirectoryName(path)!, up - 1);

    private void WriteAdapterConfig(string json) => File.WriteAllText(Path.Combine(folder.Path, "adapter_config.json"), json);

    /// <summary>A folder with the language model alone, under its original names.</summary>
    private unsafe string LanguageModel(Checkpoint checkpoint)
    {
        string model = Path.Combine(folder.Path, "model");
        Directory.CreateDirectory(model);
        File.Copy(Golden.Path("original-tiny/checkpoint/config.json"), Path.Combine(model, "config.json"));
        SafeTensorsWriter.Write(Path.Combine(model, "model.safetensors"), [.. checkpoint.Tensors
            .Where(pair => ModelTensors.PartOf(pair.Key) == ModelPart.Language)
            .Select(pair => new SafeTensorsWriter.Entry(pair.Key.StartsWith("lm_head") ? pair.Key : "model." + pair.Key, pair.Value.Type,
                [.. pair.Value.Shape], stream => stream.Write(new ReadOnlySpan<byte>((void*)pair.Value.Address, (int)pair.Value.Bytes))))],
            inputs: []);
        return model;
    }

    private static void Equal(Checkpoint expected, Checkpoint got, IEnumerable<string> names)
        => Assert.All(names, name => Assert.True(expected.Tensors[name].BytesEqual(got.Tensors[name]), name));
}
