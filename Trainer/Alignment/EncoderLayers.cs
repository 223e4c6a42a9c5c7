using EdgeVideoLlava.Runtime.Vision;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Trainer.Alignment;

/// <summary>Layers of CLIP in a <see cref="TensorTable"/>, under the names of transformers' files.</summary>
internal static class EncoderLayers
{
    /// <param name="prefix">Such as vision_model.encoder.layers.</param>
    public static (IReadOnlyList<VisionBlockWeights> Weights, IReadOnlyList<VisionBlockGradients> Gradients) Add(
        TensorTable table, string prefix, VisionConfig config)
    {
        (List<VisionBlockWeights> weights, List<VisionBlockGradients> gradients) = ([], []);
        for (int layer = 0; layer < config.Layers; layer++)
        {
            (VisionBlockWeights own, VisionBlockGradients g) = Layer(table, $"{prefix}{layer}.", config);
            weights.Add(own);
            gradients.Add(g);
        }
        return (weights, gradients);
    }

    private static (VisionBlockWeights, VisionBlockGradients) Layer(TensorTable table, string name, VisionConfig config)
    {
        int hidden = config.Hidden, wide = config.FeedForward, frames = config.TemporalFrames;
        TableEntry? embedding = frames > 0 ? table.Add(hidden, new TensorSpec($"{name}temporal_embedding", 1, frames, hidden)) : null;
        (VisionAttentionWeights Weights, VisionAttentionGradients Gradients)? temporal = frames > 0
            ? Attention(table, $"{name}temporal_attn.", $"{name}temporal_layer_norm1", hidden) : null;
        (VisionAttentionWeights spatial, VisionAttentionGradients ofSpatial)
            = Attention(table, $"{name}self_attn.", $"{name}layer_norm1", hidden);
        (TableEntry normWeight, TableEntry normBias) = Norm(table, $"{name}layer_norm2", hidden);
        TableEntry first = Matrix(table, $"{name}mlp.fc1.weight", wide, hidden), firstBias = Vector(table, $"{name}mlp.fc1.bias", wide);
        TableEntry second = Matrix(table, $"{name}mlp.fc2.weight", hidden, wide);
        TableEntry secondBias = Vector(table, $"{name}mlp.fc2.bias", hidden);
        return (
            new VisionBlockWeights(embedding?.Value, temporal?.Weights, spatial, normWeight.Value, normBias.Value, first.Weight,
                firstBias.Value, second.Weight, secondBias.Value),
            new VisionBlockGradients(embedding?.Gradient, temporal?.Gradients, ofSpatial, normWeight.Gradient, normBias.Gradient,
                first.Gradient, firstBias.Gradient, second.Gradient, secondBias.Gradient));
    }

    private static (VisionAttentionWeights, VisionAttentionGradients) Attention(TensorTable table, string name, string norm, int hidden)
    {
        TensorSpec[] Parts(string end, params long[] shape)
            => [.. new[] { "q_proj", "k_proj", "v_proj" }.Select(part => new TensorSpec($"{name}{part}.{end}", shape))];
        (TableEntry normWeight, TableEntry normBias) = Norm(table, norm, hidden);
        TableEntry qkv = table.Add(hidden, Parts("weight", hidden, hidden)), qkvBias = table.AddVector(Parts("bias", hidden));
        TableEntry output = Matrix(table, $"{name}out_proj.weight", hidden, hidden);
        TableEntry outputBias = Vector(table, $"{name}out_proj.bias", hidden);
        return (
            new VisionAttentionWeights(normWeight.Value, normBias.Value, qkv.Weight, qkvBias.Value, output.Weight, outputBias.Value),
            new VisionAttentionGradients(normWeight.Gradient, normBias.Gradient, qkv.Gradient, qkvBias.Gradient, output.Gradient,
                outputBias.Gradient));
    }

    public static (TableEntry Weight, TableEntry Bias) Norm(TensorTable table, string name, int size)
        => (Vector(table, $"{name}.weight", size), Vector(table, $"{name}.bias", size));

    public static TableEntry Vector(TensorTable table, string name, int size) => table.AddVector(new TensorSpec(name, size));

    public static TableEntry Matrix(TensorTable table, string name, int rows, int columns)
        => table.Add(columns, new TensorSpec(name, rows, columns));
}
