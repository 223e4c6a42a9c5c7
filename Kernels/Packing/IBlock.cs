namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>A block of numbers as it lies in memory, and what it means. Implemented by the struct of its bytes.</summary>
internal unsafe interface IBlock<TSelf> where TSelf : unmanaged, IBlock<TSelf>
{
    /// <summary>Numbers in a block: consecutive columns of one row.</summary>
    static abstract int Columns { get; }

    /// <summary>Bytes of a block, as the sum of its parts; <see cref="BlockFormat"/> asserts that the struct has them.</summary>
    static abstract int Bytes { get; }

    /// <summary>Block to numbers, exactly: plain float32 operations in the order of the formula, never fused.</summary>
    static abstract void Dequantize(TSelf* block, float* target);
}

/// <summary>A block that we write too.</summary>
internal unsafe interface IWritableBlock<TSelf> : IBlock<TSelf> where TSelf : unmanaged, IWritableBlock<TSelf>
{
    /// <summary>Finite numbers to a block by ggml's reference rule.</summary>
    /// <returns>Whether they fit: a scale beyond the largest half does not.</returns>
    static abstract bool Quantize(float* source, TSelf* block);

    /// <summary>The same where some columns matter more than others, by ggml's rule for an importance matrix. A type that has no such
    /// rule counts all alike.</summary>
    /// <param name="importance">Of each column of the block: the mean square of what it is multiplied with.</param>
    /// <param name="meanSquare">Of the whole row's numbers.</param>
    static virtual bool QuantizeWeighted(float* source, float* importance, float meanSquare, TSelf* block) => TSelf.Quantize(source, block);
}
