using EdgeVideoLlava.Runtime.Vision;

namespace EdgeVideoLlava.Trainer.Alignment;

/// <summary>First numbers of a two-tower model, as transformers draws CLIP's and LanguageBind adds temporal attention to it.</summary>
/// <remarks>
/// Normal with these deviations, h hidden, L layers: q, k, v and fc2 1/√(2·L·h), out 1/√h, fc1 1/√(2·h), class and temporal embedding
/// 1/√h, other embeddings 0.02, projections 1/√h; norms 1 and 0, biases 0. Temporal attention and its norm begin as the spatial ones.
/// </remarks>
internal sealed class ClipStart(ClipModel model, int seed)
{
    private readonly Dictionary<string, TableTensor> all = model.Table.Tensors.ToDictionary(tensor => tensor.Spec.Name);

    public void Draw(TableTensor tensor)
    {
        string name = tensor.Spec.Name;
        string spatial = name.Replace(".temporal_attn.", ".self_attn.").Replace(".temporal_layer_norm1.", ".layer_norm1.");
        model.Queue.Write(spatial != name ? model.Queue.Read(all[spatial].Value) : Numbers(tensor), tensor.Value);
    }

    private float[] Numbers(TableTensor tensor)
    {
        string name = tensor.Spec.Name;
        int count = tensor.Value.Rows * tensor.Value.Columns;
        if (name == "logit_scale") return [MathF.Log(1 / 0.07f)];
        if (name.EndsWith(".bias", StringComparison.Ordinal)) return new float[count];
        if (name.Contains("norm") || name.Contains("pre_layrnorm")) return [.. Enumerable.Repeat(1f, count)];
        var random = new Random(unchecked(seed * 31 + Stable(name)));
        double deviation = Deviation(name);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(deviation * Normal(random)))];
    }

    private double Deviation(string name)
    {
        VisionConfig layers = name.StartsWith("text_", StringComparison.Ordinal) ? model.Config.Text.Layers : model.Config.Vision;
        double hidden = layers.Hidden;
        bool isInner = name.Contains("_proj.") && !name.Contains("out_proj") || name.Contains("mlp.fc2");
        if (isInner) return 1 / Math.Sqrt(2 * layers.Layers * hidden);
        if (name.Contains("mlp.fc1")) return 1 / Math.Sqrt(2 * hidden);
        bool isSmall = name.Contains("token_embedding") || name.Contains("position_embedding") || name.Contains("patch_embedding");
        return isSmall ? 0.02 : 1 / Math.Sqrt(hidden);
    }

    /// <summary>Box and Muller's.</summary>
    private static double Normal(Random random)
        => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>FNV-1a: the same in every process, unlike a string's own hash.</summary>
    private static int Stable(string text)
        => unchecked((int)text.Aggregate(2166136261u, (hash, letter) => (hash ^ letter) * 16777619u));
}
