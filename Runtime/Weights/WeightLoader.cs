using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Errors;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Rotary;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Vision;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>Puts a checkpoint's tensors on a device: linears in their stored type, norms and biases as float32, q/k/v and gate/up joined by rows.</summary>
/// <param name="languageWeights">Type of the language model's linears, see <see cref="LoadOptions.LanguageWeights"/>.</param>
internal sealed class WeightLoader(
    Checkpoint checkpoint, ComputeDevice device, ComputeQueue queue, StorageType? languageWeights, IProgress<double>? progress, CancellationToken cancel)
{
    private readonly Dictionary<string, Weight> linears = [];
    private readonly Dictionary<string, Matrix> vectors = [];
    private readonly List<ConvertedRows> converted = [];
    private readonly SortedDictionary<(int Columns, StorageType Type), int> otherTypes = [];
    private readonly SortedDictionary<(StorageType Type, StorageType Kept), int> replacedTypes = [];
    private readonly long total = checkpoint.Tensors.Values.Sum(tensor => tensor.Bytes);
    private long done;

    /// <summary>Everything made so far, to be disposed with the model.</summary>
    public IEnumerable<IDisposable> Owned
        => linears.Values.Distinct().Cast<IDisposable>().Concat(vectors.Values.Select(matrix => matrix.Buffer).Distinct()).Concat(converted);

    /// <summary>What a user should know about the types of the weights.</summary>
    public IEnumerable<string> Notices
        => otherTypes.Select(entry => $"{entry.Value} tensors have rows of {entry.Key.Columns} numbers, no whole blocks of {languageWeights}; they are {entry.Key.Type}")
            .Concat(replacedTypes.Select(entry => $"{entry.Value} tensors are {entry.Key.Type}, which the device has no kernels for; there they are {entry.Key.Kept}"));

    /// <summary>Bytes of the video tower that are the image tower's and are not loaded twice.</summary>
    public long SharedBytes { get; private set; }

    public LlamaWeights Language(LlamaConfig config)
    {
        var blocks = new LlamaBlockWeights[config.Layers];
        for (int i = 0; i < blocks.Length; i++)
        {
            string layer = $"layers.{i}", attention = $"{layer}.self_attn", mlp = $"{layer}.mlp";
            blocks[i] = new LlamaBlockWeights(
                Vector($"{layer}.input_layernorm.weight"),
                Linear($"{attention}.q_proj.weight", $"{attention}.k_proj.weight", $"{attention}.v_proj.weight"),
                Linear($"{attention}.o_proj.weight"),
                Vector($"{layer}.post_attention_layernorm.weight"),
                Linear($"{mlp}.gate_proj.weight", $"{mlp}.up_proj.weight"),
                Linear($"{mlp}.down_proj.weight"));
        }
        (float[] cos, float[] sin) = RotaryEmbedding.Tables(config.Context, config.HeadSize, config.RopeTheta);
        Weight embedding = Linear("embed_tokens.weight");
        return new LlamaWeights(embedding, blocks, Vector("norm.weight"), config.TiedHead ? embedding : Linear("lm_head.weight"),
            Upload("rotary.cos", cos, config.Context), Upload("rotary.sin", sin, config.Context));
    }

    /// <summary>A tower's layers as far as the features need them; <paramref name="allLayers"/> also loads the rest (for a trace).</summary>
    public VisionTowerWeights Tower(string tower, VisionConfig config, bool allLayers)
    {
        var blocks = new VisionBlockWeights[allLayers ? config.Layers : config.FeatureLayers];
        for (int i = 0; i < blocks.Length; i++)
        {
            string layer = $"{tower}.encoder.layers.{i}";
            bool temporal = config.TemporalFrames > 0;
            blocks[i] = new VisionBlockWeights(
                temporal ? Vector($"{layer}.temporal_embedding", config.TemporalFrames) : null,
                temporal ? Attention($"{layer}.temporal_layer_norm1", $"{layer}.temporal_attn") : null,
                Attention($"{layer}.layer_norm1", $"{layer}.self_attn"),
                Vector($"{layer}.layer_norm2.weight"), Vector($"{layer}.layer_norm2.bias"),
                Linear($"{layer}.mlp.fc1.weight"), Vector($"{layer}.mlp.fc1.bias"),
                Linear($"{layer}.mlp.fc2.weight"), Vector($"{layer}.mlp.fc2.bias"));
        }
        string embeddings = $"{tower}.embeddings";
        return new VisionTowerWeights(
            Linear($"{embeddings}.patch_embedding.weight"), Vector($"{embeddings}.class_embedding"), Vector($"{embeddings}.position_embedding.weight", config.Positions),
            Vector($"{tower}.pre_layrnorm.weight"), Vector($"{tower}.pre_layrnorm.bias"), blocks);
    }

    public MlpProjector Projector()
        => new(Linear("projector.0.weight"), Vector("projector.0.bias"), Linear("projector.2.weight"), Vector("projector.2.bias"));

    private VisionAttentionWeights Attention(string norm, string attention) => new(
        Vector($"{norm}.weight"), Vector($"{norm}.bias"),
        Linear($"{attention}.q_proj.weight", $"{attention}.k_proj.weight", $"{attention}.v_proj.weight"),
        Joined($"{attention}.q_proj.bias", $"{attention}.k_proj.bias", $"{attention}.v_proj.bias"),
        Linear($"{attention}.out_proj.weight"), Vector($"{attention}.out_proj.bias"));

    /// <summary>One weight of the given tensors' rows. Columns are all axes but the first.</summary>
    private Weight Linear(params ReadOnlySpan<string> names)
    {
        string[] twin = [.. names.ToArray().Select(Twin)];
        if (linears.TryGetValue(twin[0], out Weight? shared) && Same(names, twin))
        {
            SharedBytes += names.ToArray().Sum(name => checkpoint.Tensors[name].Bytes);
            Step(names);
            return linears[names[0]] = shared;
        }
        HostTensor first = checkpoint.Tensors[names[0]];
        StorageType type = LanguageStorage.Of(first, names[0], languageWeights);
        if (type != first.Type) return Converted(names, type);
        var parts = new HostRows[names.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            HostTensor tensor = checkpoint.Tensors[names[i]];
            if (tensor.Type != first.Type) throw new BadInputException($"{checkpoint.Folder}: {tensor} and {first} should have the same type");
            parts[i] = new HostRows(tensor.Address, (int)tensor.Shape[0]);
        }
        return Load(names, first.Type, (int)(first.Elements / first.Shape[0]), parts);
    }

    /// <summary>One weight of the given tensors' rows in another type.</summary>
    private Weight Converted(ReadOnlySpan<string> names, StorageType type)
    {
        HostTensor[] tensors = [.. names.ToArray().Select(name => checkpoint.Tensors[name])];
        int columns = (int)tensors[0].Shape[1];
        if (type != languageWeights) otherTypes[(columns, type)] = otherTypes.GetValueOrDefault((columns, type)) + tensors.Length;
        ConvertedRows rows = ConvertedRows.From(tensors, type, cancel);
        converted.Add(rows);
        Weight weight = Load(names, type, columns, rows.Rows);
        if (device is not CpuDevice) rows.Dispose(); // it has a copy of its own now
        return weight;
    }

    private Weight Load(ReadOnlySpan<string> names, StorageType type, int columns, params ReadOnlySpan<HostRows> parts)
    {
        Weight weight = linears[names[0]] = device.LoadWeight(names[0], type, columns, parts);
        StorageType kept = weight.Buffer.Type;
        if (kept != type) replacedTypes[(type, kept)] = replacedTypes.GetValueOrDefault((type, kept)) + names.Length;
        Step(names);
        return weight;
    }

    private Matrix Vector(string name, int rows = 1)
    {
        if (vectors.TryGetValue(Twin(name), out Matrix shared) && Same([name], [Twin(name)])) return vectors[name] = shared;
        Step([name]);
        return Upload(name, checkpoint.Tensors[name].ToFloats(), rows);
    }

    private Matrix Joined(params ReadOnlySpan<string> names)
    {
        Step(names);
        return Upload(names[0], [.. names.ToArray().SelectMany(name => checkpoint.Tensors[name].ToFloats())], 1);
    }

    private Matrix Upload(string name, float[] values, int rows)
    {
        Matrix matrix = device.AllocateMatrix(rows, values.Length / rows);
        queue.Write(values, matrix);
        return vectors[name] = matrix;
    }

    /// <summary>Name of the same tensor in the image tower: the video tower was made from it, and where nothing was trained since it is still the same.</summary>
    private static string Twin(string name) => name.Replace("video_tower.", "image_tower.") is var twin && twin != name ? twin : "";

    private bool Same(ReadOnlySpan<string> names, ReadOnlySpan<string> twins)
    {
        for (int i = 0; i < names.Length; i++)
        {
            if (!checkpoint.Tensors.TryGetValue(twins[i], out HostTensor? twin) || !checkpoint.Tensors[names[i]].BytesEqual(twin)) return false;
        }
        return true;
    }

    private void Step(ReadOnlySpan<string> names)
    {
        cancel.ThrowIfCancellationRequested();
        foreach (string name in names) done += checkpoint.Tensors[name].Bytes;
        progress?.Report((double)done / total);
    }
}
