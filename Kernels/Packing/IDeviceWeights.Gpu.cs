using EdgeVideoLlava.Kernels.Ilgpu.Views;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>How a kernel reads a storage type. A type argument of the kernel, so that each type has a kernel of its
/// own from one text.</summary>
internal interface IDeviceWeights
{
    /// <summary>What the 32 columns around <paramref name="column"/> share.</summary>
    BlockScale Scale(WeightView weight, int row, int column);

    /// <summary>Eight columns from <paramref name="column"/> on (a multiple of 8), as float32, exactly; 0 beyond the last column.</summary>
    F8 Load(WeightView weight, int row, int column, BlockScale scale);

    /// <summary>Eights of columns in a piece: 4, a block of 32 columns with one scale; 1 for plain numbers, whose
    /// eight columns are 16 bytes or more.</summary>
    int Eights { get; }

    /// <summary>Columns 8 · Eights · index and those after it, as they are stored.</summary>
    WeightPiece Fetch(WeightView weight, int row, int index);

    /// <summary>Eight columns of a piece, as <see cref="Load"/> gives them, but for <see cref="Factor"/>.</summary>
    /// <param name="part">Which eight, from 0 to Eights - 1; a constant.</param>
    F8 Eight(WeightPiece piece, int part);

    /// <summary>What each of the eight columns has to be multiplied with, and a sum over them can be; 1 where there is nothing.</summary>
    float Factor(WeightPiece piece, int part);
}

/// <summary>How the host lays a storage type out on the device: the other half of <see cref="IDeviceWeights"/>, in the same file.</summary>
internal unsafe interface IDevicePacking
{
    /// <summary>Words of a row's numbers, a multiple of 4; what pads it is 0.</summary>
    static abstract int RowWords(int columns);

    static abstract int ScaleWords(int columns);

    /// <summary>One stored row to its words and scales, without loss.</summary>
    static abstract void PackRow(byte* source, int columns, uint* words, uint* scales);
}

/// <summary>x = Step · level − Offset; not used by plain numbers.</summary>
internal struct BlockScale
{
    public float Step, Offset;

    /// <summary>The step of columns 16..31 of the 32, where 16 columns have one of their own (Q6_K).</summary>
    public float SecondStep;
}
