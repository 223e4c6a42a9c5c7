using System.Text.Json.Nodes;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Weights;

/// <summary>Checkpoints that are not what they should be: one clear line, whatever is wrong.</summary>
public sealed class CheckpointTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public CheckpointTests()
    {
        foreach (string file in Directory.GetFiles(Golden.Path("original-tiny/checkpoint")))
            File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file)));
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_copy_loads_and_assumes_the_heads_with_a_notice()
    {
        using VideoLlava model = Load();
        Assert.Contains(model.Config.Notices, notice => notice.Contains("2 heads of 64 are assumed"));
    }

    [Theory, InlineData("towers"), InlineData(".")]
    public void A_towers_own_config_gives_its_heads(string place)
    {
        foreach (string tower in new[] { "LanguageBind_Image", "LanguageBind_Video_merge" })
        {
            string target = Path.Combine(folder.Path, place, tower);
            Directory.CreateDirectory(target);
            JsonNode json = JsonNode.Parse(File.ReadAllText(Golden.Path($"original-tiny/towers/{tower}/config.json")))!;
            json["vision_config"]!["num_attention_heads"] = 4;
            File.WriteAllText(Path.Combine(target, "config.json"), json.ToJsonString());
        }
        using VideoLlava model = Load();
        Assert.Equal((4, 4), (model.Config.ImageTower.Heads, model.Config.VideoTower.Heads));
        Assert.DoesNotContain(model.Config.Notices, notice => notice.Contains("assumed"));
    }

    [Theory]
    [InlineData("mm_projector_type", "\"linear\"", "mm_projector_type is \"linear\"; supported: mlp2x_gelu")]
    [InlineData("hidden_act", "\"gelu\"", "hidden_act is \"gelu\"; supported: silu")]
    [InlineData("rope_scaling", "{\"type\": \"linear\", \"factor\": 4.0}", "type is \"linear\"; supported: default")]
    [InlineData("num_attention_heads", "3", "3 heads")]
    [InlineData("num_attention_heads", "\"four\"", "num_attention_heads is \"four\"; a whole number is wanted")]
    [InlineData("num_key_value_heads", "2", "contradict the tensors' shapes")]
    [InlineData("mm_use_im_start_end", "true", "mm_use_im_start_end is true, which is not supported")]
    [InlineData("attention_bias", "true", "attention_bias is true")]
    [InlineData("mm_vision_select_layer", "-9", "layer -9 does not exist")]
    [InlineData("max_position_embeddings", "0", "max_position_embeddings is 0; 1 to 1048576 is possible")]
    [InlineData("max_position_embeddings", "2147483647", "max_position_embeddings is 2147483647")]
    [InlineData("rope_theta", "-1", "rope_theta is -1; a number above 0 is wanted")]
    [InlineData("rms_norm_eps", "1e999", "rms_norm_eps is 1e999; a number from 0 up is wanted")]
    [InlineData("tokenizer_model_max_length", "0", "tokenizer_model_max_length is 0")]
    public void A_config_that_asks_for_another_model_is_refused(string key, string value, string complaint)
    {
        JsonNode config = JsonNode.Parse(File.ReadAllText(ConfigPath))!;
        config[key] = JsonNode.Parse(value);
        File.WriteAllText(ConfigPath, config.ToJsonString());
        AssertRefused(complaint);
    }

    [Fact]
    public void A_folder_of_links_loads_as_the_files_themselves()
    {
        foreach (string file in Directory.GetFiles(folder.Path))
        {
            File.Delete(file);
            File.CreateSymbolicLink(file, Path.Combine(Golden.Path("original-tiny/checkpoint"), Path.GetFileName(file)));
        }
        string link = folder.Path + "-link";
        Directory.CreateSymbolicLink(link, folder.Path);
        using VideoLlava model = VideoLlava.Load(link, TestDevices.Get(TestDevice.Cpu));
        Assert.Equal(256, model.Config.Language.Hidden);
        Directory.Delete(link);
    }

    [Fact]
    public void A_file_in_place_of_the_folder_names_the_folder()
    {
        string message = Assert.Throws<BadInputException>(() => VideoLlava.Load(ConfigPath, TestDevices.Get(TestDevice.Cpu))).Message;
        Assert.EndsWith($"a model is the folder that holds it, {folder.Path}", message);
    }

    [Fact]
    public void An_unknown_key_is_a_notice()
    {
        JsonNode config = JsonNode.Parse(File.ReadAllText(ConfigPath))!;
        config["mm_novelty"] = 1;
        File.WriteAllText(ConfigPath, config.ToJsonString());
        using VideoLlava model = Load();
        Assert.Contains(model.Config.Notices, notice => notice.Contains("unknown keys are ignored: mm_novelty"));
    }

    [Fact]
    public void Broken_or_missing_json_is_one_line()
    {
        File.WriteAllText(ConfigPath, "{ \"hidden_size\": ");
        AssertRefused("config.json: not valid JSON");
        File.Delete(ConfigPath);
        AssertRefused("config.json: no such file");
    }

    [Fact]
    public void A_missing_shard_is_named()
    {
        File.Delete(Path.Combine(folder.Path, "model-00002-of-00002.safetensors"));
        AssertRefused("model-00002-of-00002.safetensors: no such file");
    }

    [Theory]
    [InlineData("\"../outside.safetensors\"", "not a file name in this folder")]
    [InlineData("\"model-00001-of-00002.safetensors\"", "the shard lacks it")]
    [InlineData("7", "not a file name in this folder")]
    public void An_index_that_points_to_the_wrong_place_is_refused(string target, string complaint)
    {
        string path = Path.Combine(folder.Path, "model.safetensors.index.json");
        JsonNode index = JsonNode.Parse(File.ReadAllText(path))!;
        index["weight_map"]!["lm_head.weight"] = JsonNode.Parse(target);
        File.WriteAllText(path, index.ToJsonString());
        AssertRefused(complaint);
    }

    [Fact]
    public void Missing_and_unknown_tensors_are_listed()
    {
        Rewrite(tensors => tensors.Remove("model.norm.weight"));
        AssertRefused("1 tensors are missing: norm.weight");
        Rewrite(tensors => tensors["model.norm.weight"] = (StorageType.F32, [256], new byte[1024]));
        Rewrite(tensors => tensors["model.surprise"] = (StorageType.F32, [1], new byte[4]));
        AssertRefused("1 unknown tensors: surprise");
    }

    [Fact]
    public void A_shape_that_contradicts_the_others_is_refused()
    {
        Rewrite(tensors => tensors["model.norm.weight"] = (StorageType.F32, [255], new byte[1020]));
        AssertRefused("norm.weight F32 [255] should have the shape [256]");
    }

    [Fact]
    public void Too_little_memory_is_found_before_loading()
    {
        var failure = Assert.Throws<DeviceFailedException>(()
            => VideoLlava.Load(folder.Path, TestDevices.Get(TestDevice.Cpu), new LoadOptions(AvailableMemory: 1 << 20)));
        Assert.Contains("1 MiB are free", failure.Message);
        Assert.Contains("take a smaller model", failure.Message);
    }

    [Theory, InlineData(TestDevice.Cpu), InlineData(TestDevice.OpenCl), InlineData(TestDevice.OpenClHalf)]
    public void Too_little_memory_names_weights_that_would_fit(TestDevice device)
    {
        _ = TestDevices.Get(device); // skips by name where there is none
        using ComputeDevice found = TestDevices.Open(device); // its own: what is left on it is counted
        string Refusal(long mebibytes)
            => Assert.Throws<DeviceFailedException>(() => VideoLlava.Load(folder.Path, found,
                new LoadOptions(AvailableMemory: mebibytes << 20))).Message;
        using var checkpoint = new Checkpoint(folder.Path);
        MemoryNeed need = MemoryNeed.Of(checkpoint, ConfigReader.Read(checkpoint));
        long all = device == TestDevice.Cpu ? need.Minimum : need.OnAccelerator + need.KvCache / (device == TestDevice.OpenClHalf ? 2 : 1);
        string message = Refusal((all >> 20) - 1);
        Assert.Contains($"needs about {all >> 20} MiB", message);
        Assert.Matches(@"LanguageWeights = q\d_[0k] would need about \d+ MiB$", message);
        var smallest = MemoryNeed.Of(checkpoint, ConfigReader.Read(checkpoint), new LoadOptions(LanguageWeights: StorageType.Q4_0),
            StorageType.I8);
        long least = device == TestDevice.Cpu ? smallest.Minimum : smallest.OnAccelerator + smallest.KvCache;
        Assert.Matches(@"LanguageWeights = q\d_[0k] with KvCache = int8 would need about \d+ MiB$", Refusal((least >> 20) + 1));
        Assert.Contains("take a smaller model", Refusal(1));
        Assert.Equal(0, found.AllocatedBytes);
    }

    /// <summary>3 layers of 4 · 256² and 3 · 256 · 512 weights: 18 of 32 numbers in Q4_0. The small rest is mapped or
    /// joined as before.</summary>
    [Fact]
    public void Converted_weights_count_as_copies_of_their_new_size()
    {
        using var checkpoint = new Checkpoint(folder.Path);
        VideoLlavaConfig config = ConfigReader.Read(checkpoint);
        MemoryNeed stored = MemoryNeed.Of(checkpoint, config);
        MemoryNeed converted = MemoryNeed.Of(checkpoint, config, new LoadOptions(LanguageWeights: StorageType.Q4_0));
        const long attention = 3 * 256 * 256L, mlp = 3 * 256 * 512L, joined = 3 * attention + 2 * mlp, separate = attention + mlp;
        Assert.Equal(stored.Mapped - separate * 2, converted.Mapped);
        Assert.Equal(stored.Copied - joined * 2 + (joined + separate) * 18 / 32, converted.Copied);
        Assert.Equal(stored.KvCache, converted.KvCache);
    }

    [Fact]
    public void What_is_converted_is_in_memory_in_its_new_size_and_gone_with_the_model()
    {
        using var device = new CpuDevice(1);
        VideoLlava model = VideoLlava.Load(folder.Path, device, new LoadOptions(LanguageWeights: StorageType.Q4_0));
        Assert.Equal(256 * 256 * 3 * 18 / 32, model.Language.Weights.Blocks[0].Qkv.Buffer.Type.Bytes(
            model.Language.Weights.Blocks[0].Qkv.Buffer.Elements));
        model.Dispose();
        Assert.Equal(0, device.AllocatedBytes);
    }

    [Fact]
    public void A_weight_that_is_not_finite_is_named_when_it_is_converted()
    {
        Rewrite(tensors => tensors["model.layers.1.mlp.down_proj.weight"] = (StorageType.BF16, [256, 512],
            [.. Enumerable.Range(0, 256 * 512).SelectMany(i => i == 99 ? new byte[] { 0xc0, 0x7f } : [0, 0])]));
        var refusal = Assert.Throws<BadInputException>(()
            => VideoLlava.Load(folder.Path, TestDevices.Get(TestDevice.Cpu), new LoadOptions(LanguageWeights: StorageType.Q4_0)));
        Assert.Contains("layers.1.mlp.down_proj.weight BF16 [256, 512]", refusal.Message);
        Assert.Contains("too large for Q4_0", refusal.Message);
    }

    [Fact]
    public void A_checkpoint_of_pickles_says_what_to_take()
    {
        foreach (string file in Directory.GetFiles(folder.Path, "model*")) File.Delete(file);
        File.WriteAllBytes(Path.Combine(folder.Path, "pytorch_model.bin"), []);
        AssertRefused("pytorch_model.bin cannot be read yet, take the safetensors form");
    }

    [Fact]
    public void Loading_can_be_cancelled()
        => Assert.ThrowsAny<OperationCanceledException>(()
        => VideoLlava.Load(folder.Path, TestDevices.Get(TestDevice.Cpu), cancel: new CancellationToken(canceled: true)));

    [Fact]
    public void Spatial_weights_that_both_towers_share_are_loaded_once()
    {
        string shapes = Path.Combine(Golden.Repository, "Samples/ShapesWorld/model");
        using var device = new CpuDevice(1);
        using VideoLlava model = VideoLlava.Load(shapes, device);
        Assert.InRange(model.SharedBytes, 1_000_000, long.MaxValue);
    }

    [Fact]
    public void Loading_tells_how_far_it_is()
    {
        var told = new Told();
        using var device = new CpuDevice(1);
        VideoLlava.Load(Path.Combine(Golden.Repository, "Samples/ShapesWorld/model"), device, progress: told).Dispose();
        Assert.True(told.Count > 50);
        Assert.Equal(told.Order(), told);
        Assert.InRange(told[0], 1e-6, 0.2);
        Assert.Equal(1, told[^1]);
    }

    private sealed class Told : List<double>, IProgress<double>
    {
        public void Report(double value) => Add(value);
    }

    private string ConfigPath => Path.Combine(folder.Path, "config.json");

    private VideoLlava Load() => VideoLlava.Load(folder.Path, TestDevices.Get(TestDevice.Cpu));

    private void AssertRefused(string complaint)
    {
        string message = Assert.Throws<BadInputException>(() => Load().Dispose()).Message;
        Assert.Contains(complaint, message);
        Assert.DoesNotContain('\n', message);
    }

    /// <summary>Writes the checkpoint as one file again with some tensors changed.</summary>
    private void Rewrite(Action<Dictionary<string, (StorageType Type, long[] Shape, byte[] Bytes)>> change)
    {
        var tensors = new Dictionary<string, (StorageType, long[], byte[])>();
        string[] shards = Directory.GetFiles(folder.Path, "*.safetensors");
        foreach (string shard in shards)
        {
            using var file = new SafeTensors(shard);
            foreach ((string name, HostTensor tensor) in file.Tensors) tensors[name] = (tensor.Type, [.. tensor.Shape], Bytes(tensor));
        }
        change(tensors);
        foreach (string old in Directory.GetFiles(folder.Path, "model*")) File.Delete(old);
        SafeTensorsWriter.Write(Path.Combine(folder.Path, "model.safetensors"),
            [.. tensors.Select(pair => new SafeTensorsWriter.Entry(pair.Key, pair.Value.Item1, pair.Value.Item2, stream
            => stream.Write(pair.Value.Item3)))]);
    }

    private static unsafe byte[] Bytes(HostTensor tensor) => new ReadOnlySpan<byte>((void*)tensor.Address, (int)tensor.Bytes).ToArray();
}
