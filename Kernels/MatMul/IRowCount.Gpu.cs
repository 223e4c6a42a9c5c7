namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>How many rows of x an item of <see cref="LinearGroupRow"/> multiplies. A type argument of the kernel, so
/// that unneeded sums take no register.</summary>
internal interface IRowCount
{
    /// <summary>1, 4 or 8.</summary>
    int Count { get; }
}

internal readonly struct OneRow : IRowCount
{
    public int Count => 1;
}

internal readonly struct FourRows : IRowCount
{
    public int Count => 4;
}

internal readonly struct EightRows : IRowCount
{
    public int Count => 8;
}
