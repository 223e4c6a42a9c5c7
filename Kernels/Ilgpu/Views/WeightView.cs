using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Ilgpu.Views;

/// <summary>A weight as a kernel sees it: words whose meaning an <c>IDeviceWeights</c> knows.</summary>
/// <remarks>
/// Two sections in one buffer: the rows' numbers, RowWords words each, then the rows' scales, ScaleWords words each, from word Scales on.
/// Every row of numbers begins at a multiple of 16 bytes.
/// </remarks>
internal readonly struct WeightView(ArrayView<uint> words, ArrayView<U4> quads, int rows, int columns, int rowWords, int scaleWords)
{
    public readonly ArrayView<uint> Words = words;

    /// <summary>The same memory, four words at a time.</summary>
    public readonly ArrayView<U4> Quads = quads;
    public readonly int Rows = rows;
    public readonly int Columns = columns;
    public readonly int RowWords = rowWords;
    public readonly int Scales = rows * rowWords;
    public readonly int ScaleWords = scaleWords;
}
