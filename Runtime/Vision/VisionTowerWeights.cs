using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime.Vision;

/// <summary>Weights of a tower. P = positions, D = hidden size.</summary>
/// <param name="Patch">(D, 3·patch²)</param>
/// <param name="Class">(1, D)</param>
/// <param name="Position">(P, D)</param>
/// <param name="PreNormWeight">(1, D); the checkpoint spells it pre_layrnorm.</param>
internal sealed record VisionTowerWeights(
    Weight Patch, Matrix Class, Matrix Position, Matrix PreNormWeight, Matrix PreNormBias, IReadOnlyList<VisionBlockWeights> Blocks);
