using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using ILGPU;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>The square that a group of <see cref="LinearTensorTile"/> makes, and how far its copies run ahead. A type
/// argument, so that all of it is constant in the kernel.</summary>
internal interface ITileShape : IGroupShape
{
    /// <summary>Rows and columns. Twice as many items make a group, whose warps stand two below each other.</summary>
    int Size { get; }

    /// <summary>Strips of 16 rows of a warp.</summary>
    int Strips { get; }

    /// <summary>Steps whose tiles lie in shared memory: one is multiplied, the others are on their way. 3 or 4.</summary>
    int Stages { get; }

    /// <summary>The shared memory of the tiles.</summary>
    /// <param name="length">A constant; with <see cref="IGroupShape.DynamicBytes"/> it is what the launch has asked for.</param>
    ArrayView<U4> Allocate(int length);
}

/// <summary>8 warps of 64 rows and 32 columns: most arithmetic for what is read. 48 KB of shared memory.</summary>
internal readonly struct Tile128 : ITileShape
{
    public int Size => 128;

    public int Items => 2 * Size;

    public int Strips => 4;

    public int Stages => 3;

    public int DynamicBytes => 0;

    public ArrayView<U4> Allocate(int length) => SharedMemory.Allocate<U4>(length);
}

/// <summary>The same with one step more on its way: 64 KB of shared memory, which a device must allow (sm_80 and
/// later do). The same bits.</summary>
internal readonly struct DeepTile128 : ITileShape
{
    public int Size => 128;

    public int Items => 2 * Size;

    public int Strips => 4;

    public int Stages => 4;

    public int DynamicBytes => LinearTensorTile.Bytes(Size, Stages);

    public ArrayView<U4> Allocate(int length) => SharedMemory.GetDynamic<U4>();
}

/// <summary>4 warps of 32 rows and 32 columns: for few rows, and products too small to give every multiprocessor a
/// large tile. 24 KB.</summary>
internal readonly struct Tile64 : ITileShape
{
    public int Size => 64;

    public int Items => 2 * Size;

    public int Strips => 2;

    public int Stages => 3;

    public int DynamicBytes => 0;

    public ArrayView<U4> Allocate(int length) => SharedMemory.Allocate<U4>(length);
}
