using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime.Vision;

/// <summary>Weights of one attention with its norm. D = hidden size.</summary>
/// <param name="NormWeight">(1, D)</param>
/// <param name="NormBias">(1, D)</param>
/// <param name="Qkv">(3·D, D): q, k, v by rows.</param>
/// <param name="QkvBias">(1, 3·D)</param>
/// <param name="Out">(D, D)</param>
/// <param name="OutBias">(1, D)</param>
internal sealed record VisionAttentionWeights(Matrix NormWeight, Matrix NormBias, Weight Qkv, Matrix QkvBias, Weight Out, Matrix OutBias);

/// <summary>Weights of one layer of a tower. F = size of the feed-forward layer.</summary>
/// <param name="TemporalEmbedding">(frames, D); null without temporal attention.</param>
/// <param name="Temporal">Null without temporal attention.</param>
/// <param name="Fc1">(F, D)</param>
/// <param name="Fc2">(D, F)</param>
internal sealed record VisionBlockWeights(
    Matrix? TemporalEmbedding, VisionAttentionWeights? Temporal, VisionAttentionWeights Spatial,
    Matrix NormWeight, Matrix NormBias, Weight Fc1, Matrix Fc1Bias, Weight Fc2, Matrix Fc2Bias);
