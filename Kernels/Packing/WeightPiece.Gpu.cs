using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>Neighbouring columns of a weight row as they are stored, loaded 128 bits at a time:
/// <see cref="IDeviceWeights.Fetch"/>.</summary>
/// <remarks>What a storage type has no use for costs nothing: it is never loaded and takes no register.</remarks>
internal struct WeightPiece
{
    public U4 A, B;
    public BlockScale Scale;
}
