namespace EdgeVideoLlava.Kernels;

/// <summary>The square that a group of <see cref="LinearTensorTile"/> makes. A type argument, so that all of it is constant in the kernel.</summary>
internal interface ITileShape
{
    /// <summary>Rows and columns; twice as many items make a group, of which warps are two below each other.</summary>
    int Size { get; }

    /// <summary>Strips of 16 rows of a warp.</summary>
    int Strips { get; }
}

/// <summary>8 warps of 64 rows and 32 columns: most arithmetic for what is read.</summary>
internal readonly struct Tile128 : ITileShape
{
    public int Size => 128;

    public int Strips => 4;
}

/// <summary>4 warps of 32 rows and 32 columns: for few rows, and products too small to give every multiprocessor a large tile.</summary>
internal readonly struct Tile64 : ITileShape
{
    public int Size => 64;

    public int Strips => 2;
}
