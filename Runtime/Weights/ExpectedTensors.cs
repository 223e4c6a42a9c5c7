using EdgeVideoLlava.Kernels.Errors;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Vision;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>Which tensors a checkpoint of a given config must hold, with their shapes; anything else, or anything less, is an error that lists it.</summary>
public static class ExpectedTensors
{
    /// <exception cref="BadInputException">Missing, unknown or wrongly shaped tensors.</exception>
    public static void Check(Checkpoint checkpoint, VideoLlavaConfig config)
    {
        Dictionary<string, long[]> expected = All(config).ToDictionary(entry => entry.Name, entry => entry.Shape);
        string[] missing = [.. expected.Keys.Where(name => !checkpoint.Tensors.ContainsKey(name))];
        if (missing.Length > 0) throw new BadInputException($"{checkpoint.Folder}: {missing.Length} tensors are missing: {List(missing)}; fetch the checkpoint again");
        string[] unknown = [.. checkpoint.Tensors.Keys.Where(name => !expected.ContainsKey(name))];
        if (unknown.Length > 0) throw new BadInputException($"{checkpoint.Folder}: {unknown.Length} unknown tensors: {List(unknown)}; this is another kind of model");
        foreach ((string name, long[] shape) in expected)
        {
            HostTensor tensor = checkpoint.Tensors[name];
            if (!tensor.Shape.SequenceEqual(shape)) throw new BadInputException($"{checkpoint.Folder}: {tensor} should have the shape [{string.Join(", ", shape)}] by config.json and the other tensors");
            if (tensor.Type is not (StorageType.F32 or StorageType.F16 or StorageType.BF16)) throw new BadInputException($"{checkpoint.Folder}: {tensor} should hold F32, F16 or BF16");
        }
    }

    /// <summary>Canonical names and shapes of every tensor.</summary>
    public static IEnumerable<(string Name, long[] Shape)> All(VideoLlavaConfig config)
        => Language(config.Language)
            .Concat(Tower("image_tower", config.ImageTower)).Concat(Tower("video_tower", config.VideoTower))
            .Concat(Linear("projector.0", config.Language.Hidden, config.ImageTower.Hidden)).Concat(Linear("projector.2", config.Language.Hidden, config.Language.Hidden));

    private static IEnumerable<(string, long[])> Language(LlamaConfig c)
    {
        yield return ("embed_tokens.weight", [c.Vocabulary, c.Hidden]);
        yield return ("norm.weight", [c.Hidden]);
        if (!c.TiedHead) yield return ("lm_head.weight", [c.Vocabulary, c.Hidden]);
        for (int i = 0; i < c.Layers; i++)
        {
            yield return ($"layers.{i}.input_layernorm.weight", [c.Hidden]);
            yield return ($"layers.{i}.post_attention_layernorm.weight", [c.Hidden]);
            yield return ($"layers.{i}.self_attn.q_proj.weight", [c.QueryColumns, c.Hidden]);
            yield return ($"layers.{i}.self_attn.k_proj.weight", [c.KeyColumns, c.Hidden]);
            yield return ($"layers.{i}.self_attn.v_proj.weight", [c.KeyColumns, c.Hidden]);
            yield return ($"layers.{i}.self_attn.o_proj.weight", [c.Hidden, c.QueryColumns]);
            yield return ($"layers.{i}.mlp.gate_proj.weight", [c.FeedForward, c.Hidden]);
            yield return ($"layers.{i}.mlp.up_proj.weight", [c.FeedForward, c.Hidden]);
            yield return ($"layers.{i}.mlp.down_proj.weight", [c.Hidden, c.FeedForward]);
        }
    }

    private static IEnumerable<(string, long[])> Tower(string tower, VisionConfig c)
    {
        IEnumerable<(string, long[])> tensors =
        [
            ($"{tower}.embeddings.class_embedding", [c.Hidden]),
            ($"{tower}.embeddings.patch_embedding.weight", [c.Hidden, 3, c.Patch, c.Patch]),
            ($"{tower}.embeddings.position_embedding.weight", [c.Positions, c.Hidden]),
            .. Norm($"{tower}.pre_layrnorm", c.Hidden), .. Norm($"{tower}.post_layernorm", c.Hidden),
        ];
        return tensors.Concat(Enumerable.Range(0, c.Layers).SelectMany(i => Block($"{tower}.encoder.layers.{i}", c)));
    }

    private static IEnumerable<(string, long[])> Block(string layer, VisionConfig c) =>
    [
        .. c.TemporalFrames > 0
            ? [($"{layer}.temporal_embedding", new long[] { 1, c.TemporalFrames, c.Hidden }), .. Norm($"{layer}.temporal_layer_norm1", c.Hidden), .. Attention($"{layer}.temporal_attn", c.Hidden)]
            : Array.Empty<(string, long[])>(),
        .. Norm($"{layer}.layer_norm1", c.Hidden), .. Attention($"{layer}.self_attn", c.Hidden),
        .. Norm($"{layer}.layer_norm2", c.Hidden), .. Linear($"{layer}.mlp.fc1", c.FeedForward, c.Hidden), .. Linear($"{layer}.mlp.fc2", c.Hidden, c.FeedForward),
    ];

    private static IEnumerable<(string, long[])> Attention(string name, int hidden)
        => new[] { "q_proj", "k_proj", "v_proj", "out_proj" }.SelectMany(part => Linear($"{name}.{part}", hidden, hidden));

    private static (string, long[])[] Linear(string name, int rows, int columns) => [($"{name}.weight", [rows, columns]), ($"{name}.bias", [rows])];

    private static (string, long[])[] Norm(string name, int size) => [($"{name}.weight", [size]), ($"{name}.bias", [size])];

    private static string List(string[] names) => string.Join(", ", names.Order(StringComparer.Ordinal).Take(8)) + (names.Length > 8 ? $" and {names.Length - 8} more" : "");
}
