using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime.Vision;

/// <summary>Where an attention's gradients are summed, in the shapes of <see cref="VisionAttentionWeights"/>; null: frozen.</summary>
internal sealed record VisionAttentionGradients(
    Matrix? NormWeight = null, Matrix? NormBias = null, Matrix? Qkv = null, Matrix? QkvBias = null, Matrix? Out = null,
    Matrix? OutBias = null);

/// <summary>Where a layer's gradients are summed, in the shapes of <see cref="VisionBlockWeights"/>; null: frozen.</summary>
internal sealed record VisionBlockGradients(
    Matrix? TemporalEmbedding, VisionAttentionGradients? Temporal, VisionAttentionGradients Spatial, Matrix? NormWeight, Matrix? NormBias,
    Matrix? Fc1, Matrix? Fc1Bias, Matrix? Fc2, Matrix? Fc2Bias);

/// <summary>Where a tower's gradients are summed, in the shapes of <see cref="VisionTowerWeights"/>; null: frozen.</summary>
internal sealed record VisionTowerGradients(
    Matrix? Patch, Matrix? Class, Matrix? Position, Matrix? PreNormWeight, Matrix? PreNormBias, IReadOnlyList<VisionBlockGradients> Blocks)
{
    /// <summary>Whether something before the first norm learns.</summary>
    public bool LearnsEmbeddings => Patch != null || Class != null || Position != null;
}

/// <summary>What a layer's backward computes on its way, in memory that all layers use one after the other; float32.</summary>
/// <param name="Hidden">(R, F)</param>
/// <param name="Norm">(R, D)</param>
/// <param name="Attended">(R, D)</param>
/// <param name="Context">(R, D)</param>
/// <param name="Qkv">(R, 3·D)</param>
internal readonly record struct VisionDerivatives(Matrix Hidden, Matrix Norm, Matrix Attended, Matrix Context, Matrix Qkv)
{
    public static VisionDerivatives Take(Arena arena, VisionConfig config, int rows) => new(
        arena.Take(rows, config.FeedForward), arena.Take(rows, config.Hidden), arena.Take(rows, config.Hidden),
        arena.Take(rows, config.Hidden), arena.Take(rows, 3 * config.Hidden));
}
