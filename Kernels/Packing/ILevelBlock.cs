namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>A block that we write and whose numbers lie on grids: groups of columns with a scale and an offset each, x = scale · level +
/// offset.</summary>
/// <remarks>What a quantizer needs that chooses levels by itself: it lets a block find its scales, and then puts the levels.</remarks>
internal unsafe interface ILevelBlock<TSelf> : IWritableBlock<TSelf> where TSelf : unmanaged, ILevelBlock<TSelf>
{
    /// <summary>Columns of a group.</summary>
    static abstract int Group { get; }

    /// <summary>The highest level; the lowest is 0.</summary>
    static abstract int Top { get; }

    /// <summary>Scale and offset of each group.</summary>
    static abstract void Grid(TSelf* block, float* scales, float* offsets);

    /// <summary>Puts a level for each column in the place of those that are there; the scales stay.</summary>
    static abstract void PutLevels(TSelf* block, byte* levels);
}
