using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Weights;

/// <summary>What a checkpoint's tensors and config decide about the model.</summary>
public sealed class VariantTests
{
    private const string Tiny = "original-tiny/checkpoint";

    [Fact]
    public void A_tied_head_is_the_embedding_table()
    {
        using DoctoredCheckpoint untied = new DoctoredCheckpoint(Golden.Path(Tiny))
            .Tensors(tensors => tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"]);
        using DoctoredCheckpoint tied = new DoctoredCheckpoint(Golden.Path(Tiny)).Tensors(tensors => tensors.Remove("lm_head.weight"))
            .Config(config => config["tie_word_embeddings"] = true);
        using TinyModel expected = new(untied.Path), got = new(tied.Path), other = TinyModel.Original();
        int[] ids = got.Text(20);
        Assert.True(got.Model.Config.Language.TiedHead);
        float[] logits = got.Fresh(got.Prompt(ids));
        Assert.Equal(expected.Fresh(expected.Prompt(ids)), logits);
        Assert.True(TinyModel.Distance(other.Fresh(other.Prompt(ids)), logits) > 0.1);
    }

    [Fact]
    public void Saved_rotary_frequencies_are_ignored_whatever_they_say()
    {
        using DoctoredCheckpoint plain = new DoctoredCheckpoint(Golden.Path(Tiny)).Tensors(_ => { });
        using DoctoredCheckpoint changed = new DoctoredCheckpoint(Golden.Path(Tiny)).Tensors(tensors =>
        {
            string[] buffers = [.. tensors.Keys.Where(name => name.EndsWith("rotary_emb.inv_freq"))];
            Assert.NotEmpty(buffers);
            foreach (string name in buffers) tensors[name].Values.AsSpan().Fill(7);
        });
        using TinyModel expected = new(plain.Path), got = new(changed.Path);
        int[] ids = got.Text(20);
        Assert.Equal(expected.Fresh(expected.Prompt(ids)), got.Fresh(got.Prompt(ids)));
    }

    /// <summary>The definition: angle[p, i] = p · theta^(-2i / d).</summary>
    [Fact]
    public void Rope_theta_comes_from_the_config()
    {
        const double theta = 500_000;
        using DoctoredCheckpoint copy = new DoctoredCheckpoint(Golden.Path(Tiny)).Config(config => config["rope_theta"] = theta);
        using var parts = new LoadedParts(copy.Path, TestDevice.Cpu);
        LlamaConfig config = parts.Config.Language;
        LlamaWeights weights = parts.Loader.Language(parts.Tensors.Language);
        float[] cos = parts.Queue.Read(weights.Cos), sin = parts.Queue.Read(weights.Sin);
        int half = config.HeadSize / 2;
        for (int i = 0; i < cos.Length; i++)
        {
            (int position, int pair) = (i / half, i % half);
            double angle = position * Math.Pow(theta, -2.0 * pair / config.HeadSize), rounding = (position + 2) / (double)(1 << 23);
            Assert.Equal(Math.Cos(angle), cos[i], rounding);
            Assert.Equal(Math.Sin(angle), sin[i], rounding);
        }
    }

    /// <summary>The definition: y = x / sqrt(mean(x²) + ε) · w.</summary>
    [Fact]
    public void Rms_epsilon_comes_from_the_config_to_the_last_norm()
    {
        const double epsilon = 0.1;
        (Dictionary<string, float[]> stages, float[] w) = Stages(epsilon);
        float[] x = stages["llm.layer_output.2"], y = stages["llm.final_norm"];
        int columns = w.Length;
        Assert.Equal(x.Length, y.Length);
        for (int row = 0; row < x.Length / columns; row++)
        {
            double squares = 0;
            for (int c = 0; c < columns; c++) squares += (double)x[row * columns + c] * x[row * columns + c];
            for (int c = 0; c < columns; c++)
            {
                double expected = x[row * columns + c] / Math.Sqrt(squares / columns + epsilon) * w[c];
                Assert.Equal(expected, y[row * columns + c], 4 * Expected.Unit * Math.Abs(expected));
            }
        }
    }

    /// <summary>Beside a huge ε the norms give nearly nothing, and so do the layers: what goes in comes out.</summary>
    [Fact]
    public void Rms_epsilon_comes_from_the_config_to_every_layer()
    {
        (Dictionary<string, float[]> stages, _) = Stages(1e20);
        for (int layer = 0; layer < 3; layer++) TinyModel.AssertClose(stages["inputs_embeds"], stages[$"llm.layer_output.{layer}"], 1e-8);
        Assert.True(stages["inputs_embeds"].Max() > 0.01);
    }

    /// <summary>Stages of 20 words through the model with this ε, and the last norm's weight.</summary>
    private static (Dictionary<string, float[]> Stages, float[] Norm) Stages(double epsilon)
    {
        using DoctoredCheckpoint copy = new DoctoredCheckpoint(Golden.Path(Tiny)).Config(config => config["rms_norm_eps"] = epsilon);
        using var tiny = new TinyModel(copy.Path);
        MergedPrompt prompt = tiny.Prompt(tiny.Text(20));
        using LlamaState state = tiny.Model.CreateState();
        Matrix logits = tiny.Device.AllocateMatrix(20, tiny.Vocabulary);
        using DeviceBuffer memory = logits.Buffer;
        var stages = new Dictionary<string, float[]>();
        tiny.Model.Prefill(prompt, state, logits, new StageTrace(tiny.Model.LanguageQueue, (name, _, _, values) => stages[name] = values));
        using var checkpoint = new Checkpoint(copy.Path);
        return (stages, checkpoint.Tensors["norm.weight"].ToFloats());
    }

    [Fact]
    public void The_feature_layer_comes_from_the_config()
    {
        using TinyModel plain = TinyModel.Original();
        using DoctoredCheckpoint layer = new DoctoredCheckpoint(Golden.Path(Tiny)).Config(config => config["mm_vision_select_layer"] = -1);
        using var last = new TinyModel(layer.Path);
        Assert.Equal((3, 4), (plain.Model.Config.ImageTower.FeatureLayers, last.Model.Config.ImageTower.FeatureLayers));
    }

    [Theory]
    [InlineData("names/disk-4.46"), InlineData("names/disk-5.23"), InlineData("names/disk-5.23-fresh"), InlineData("names/memory-4.57"),
        InlineData("names/memory-5.23")]
    public void Every_naming_maps_one_to_one_to_the_same_canonical_names(string folder)
    {
        static SortedSet<string> Canonical(string folder)
        {
            using var checkpoint = new Checkpoint(Golden.Path($"hf-tiny/{folder}")); // throws where two names mean the same tensor
            return [.. checkpoint.Tensors.Keys];
        }
        Assert.Equal(Canonical("names/disk-4.46"), Canonical(folder));
    }

    [Fact]
    public void Every_original_name_maps_one_to_one_and_hf_names_are_told_apart()
    {
        using var checkpoint = new Checkpoint(Golden.Path(Tiny));
        Assert.Equal(225, checkpoint.Tensors.Count + checkpoint.Ignored.Count);
        Assert.True(checkpoint.IsOriginal);
        Assert.All(checkpoint.Ignored, name => Assert.Matches(@"rotary_emb\.inv_freq$|embeddings\.position_ids$", name));
        using var hf = new Checkpoint(Golden.Path("hf-tiny/checkpoint"));
        Assert.False(hf.IsOriginal);
    }

    [Theory]
    [InlineData("original-tiny/checkpoint", ModelPart.None), InlineData("original-tiny/checkpoint", ModelPart.All)]
    [InlineData("hf-tiny/checkpoint", ModelPart.None), InlineData("hf-tiny/checkpoint", ModelPart.All)]
    [InlineData("shapes-trained/checkpoint", ModelPart.None), InlineData("shapes-trained/checkpoint", ModelPart.All)]
    [InlineData("original-tiny/checkpoint", ModelPart.Projector),
        InlineData("hf-tiny/checkpoint", ModelPart.Language | ModelPart.Projector)]
    internal void The_memory_forecast_is_what_the_device_holds(string folder, ModelPart trainable)
    {
        var options = new LoadOptions(Trainable: trainable);
        using var tiny = new TinyModel(Golden.Path(folder), options);
        using var checkpoint = new Checkpoint(Golden.Path(folder));
        MemoryNeed need = MemoryNeed.Of(checkpoint, tiny.Model.Config, options);
        long positionsOfAStep = CpuDevice.BufferBytes(StorageType.I32, VideoLlava.DecodeRows);
        Assert.Equal(need.Copied - SharedCopies(checkpoint, tiny.Model.Config, options) + positionsOfAStep, tiny.Device.AllocatedBytes);
        using LlamaState state = tiny.Model.CreateState();
        tiny.Last(tiny.Prompt(tiny.Text(256)), state); // the scratch takes its size
        long before = tiny.Device.AllocatedBytes;
        using LlamaState next = tiny.Model.CreateState();
        tiny.Last(tiny.Prompt(tiny.Text(256)), next);
        Assert.Equal(256 * need.KvCachePerPosition, tiny.Device.AllocatedBytes - before);
        Assert.Equal(need.KvCache, need.KvCachePerPosition * tiny.Model.Config.Language.Context);
    }

    /// <summary>Copies of the video tower's parameters that are the image tower's.</summary>
    private static long SharedCopies(Checkpoint checkpoint, VideoLlavaConfig config, LoadOptions options)
    {
        if (options.Trains(ModelPart.ImageTower | ModelPart.VideoTower)) return 0;
        bool Shared(TensorSpec tensor)
            => checkpoint.Tensors.TryGetValue(tensor.Name.Replace("video_tower", "image_tower"), out HostTensor? twin)
            && checkpoint.Tensors[tensor.Name].BytesEqual(twin);
        return (from parameter in new ModelTensors(config).Loaded(options)
                let stored = checkpoint.Tensors[parameter.Name].Type
                where parameter.Part == ModelPart.VideoTower && parameter.Tensors.All(Shared) && !options.StaysMapped(parameter, stored)
                select CpuDevice.BufferBytes(options.TypeOf(parameter, stored), parameter.Elements)).Sum();
    }
}
