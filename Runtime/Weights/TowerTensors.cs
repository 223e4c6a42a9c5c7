using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Runtime.Vision;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>Tensors of a tower, arranged as <see cref="VisionTowerWeights"/>.</summary>
internal sealed class TowerTensors
{
    private readonly ParameterSpec[] postNorm;

    public TowerTensors(ModelPart part, VisionConfig config)
    {
        (Part, Config) = (part, config);
        var scope = new TensorScope(part, ModelTensors.Prefix(part));
        Patch = scope.Make(ParameterRole.Patches, "embeddings.patch_embedding.weight", config.Hidden, 3, config.Patch, config.Patch);
        Class = scope.Make(ParameterRole.Class, "embeddings.class_embedding", config.Hidden);
        Position = scope.Make(ParameterRole.Position, "embeddings.position_embedding.weight", config.Positions, config.Hidden);
        (PreNormWeight, PreNormBias) = Norm(scope, "pre_layrnorm", config.Hidden);
        (ParameterSpec weight, ParameterSpec bias) = Norm(scope, "post_layernorm", config.Hidden);
        postNorm = [weight, bias];
        Blocks = [.. Enumerable.Range(0, config.Layers)
            .Select(layer => Block(config, new TensorScope(part, $"{LayerPrefix(part)}{layer}.", layer)))];
    }

    public ModelPart Part { get; }
    public VisionConfig Config { get; }
    public ParameterSpec Patch { get; }
    public ParameterSpec Class { get; }
    public ParameterSpec Position { get; }
    public ParameterSpec PreNormWeight { get; }
    public ParameterSpec PreNormBias { get; }
    public IReadOnlyList<TowerBlockTensors> Blocks { get; }

    /// <summary>All of the checkpoint: also the norm behind the last layer, which no feature needs.</summary>
    public IEnumerable<ParameterSpec> All => Used(allLayers: true).Concat(postNorm);

    /// <param name="allLayers">Else as far as the features need them.</param>
    public IEnumerable<TowerBlockTensors> Layers(bool allLayers) => Blocks.Take(allLayers ? Config.Layers : Config.FeatureLayers);

    /// <inheritdoc cref="Layers"/>
    public IEnumerable<ParameterSpec> Used(bool allLayers)
        => [Patch, Class, Position, PreNormWeight, PreNormBias, .. Layers(allLayers).SelectMany(block => block.Parameters)];

    internal static string LayerPrefix(ModelPart part) => $"{ModelTensors.Prefix(part)}encoder.layers.";

    /// <summary>Names and numbers of axes alone, of one layer with temporal attention: for the reader of sizes from tensors.</summary>
    internal static TowerTensors Unsized(ModelPart part) => new(part, new VisionConfig
    {
        Layers = 1,
        Hidden = 0,
        Heads = 0,
        FeedForward = 0,
        Patch = 0,
        Positions = 0,
        LayerNormEpsilon = 0,
        Activation = Activation.Gelu,
        TemporalFrames = 1,
        FeatureLayers = 1,
    });

    private static TowerBlockTensors Block(VisionConfig config, TensorScope scope)
    {
        int hidden = config.Hidden, wide = config.FeedForward, frames = config.TemporalFrames;
        (ParameterSpec normWeight, ParameterSpec normBias) = Norm(scope, "layer_norm2", hidden);
        return new TowerBlockTensors(
            frames > 0 ? scope.Make(ParameterRole.Position, "temporal_embedding", 1, frames, hidden) : null,
            frames > 0 ? Attention(scope, "temporal_layer_norm1", "temporal_attn", hidden) : null,
            Attention(scope, "layer_norm1", "self_attn", hidden),
            normWeight, normBias,
            scope.Linear(hidden, ("mlp.fc1", wide)), scope.Bias(("mlp.fc1", wide)),
            scope.Linear(wide, ("mlp.fc2", hidden)), scope.Bias(("mlp.fc2", hidden)));
    }

    private static TowerAttentionTensors Attention(TensorScope scope, string norm, string attention, int hidden)
    {
        (string, int)[] qkv = [($"{attention}.q_proj", hidden), ($"{attention}.k_proj", hidden), ($"{attention}.v_proj", hidden)];
        (ParameterSpec weight, ParameterSpec bias) = Norm(scope, norm, hidden);
        string output = $"{attention}.out_proj";
        return new TowerAttentionTensors(
            weight, bias, scope.Linear(hidden, qkv), scope.Bias(qkv), scope.Linear(hidden, (output, hidden)), scope.Bias((output, hidden)));
    }

    private static (ParameterSpec Weight, ParameterSpec Bias) Norm(TensorScope scope, string name, int size)
        => (scope.Norm(name, size), scope.Bias((name, size)));
}

/// <summary>Tensors of one attention with its norm, arranged as <see cref="VisionAttentionWeights"/>.</summary>
internal sealed record TowerAttentionTensors(
    ParameterSpec NormWeight, ParameterSpec NormBias, ParameterSpec Qkv, ParameterSpec QkvBias, ParameterSpec Out, ParameterSpec OutBias)
{
    public IEnumerable<ParameterSpec> Parameters => [NormWeight, NormBias, Qkv, QkvBias, Out, OutBias];
}

/// <summary>Tensors of one layer, arranged as <see cref="VisionBlockWeights"/>.</summary>
internal sealed record TowerBlockTensors(
    ParameterSpec? TemporalEmbedding, TowerAttentionTensors? Temporal, TowerAttentionTensors Spatial,
    ParameterSpec NormWeight, ParameterSpec NormBias, ParameterSpec Fc1, ParameterSpec Fc1Bias, ParameterSpec Fc2, ParameterSpec Fc2Bias)
{
    public IEnumerable<ParameterSpec> Parameters =>
    [
        .. TemporalEmbedding == null ? [] : new[] { TemporalEmbedding }, .. Temporal?.Parameters ?? [], .. Spatial.Parameters,
        NormWeight, NormBias, Fc1, Fc1Bias, Fc2, Fc2Bias,
    ];
}
