using EdgeVideoLlava.Kernels.Ilgpu.Views;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>Q5_1: rows as in <see cref="DeviceQ5_0"/>, scales as in <see cref="DeviceQ4_1"/>.</summary>
internal readonly unsafe struct DeviceQ5_1 : IDeviceWeights, IDevicePacking
{
    public static int RowWords(int columns) => DeviceQ5_0.RowWords(columns);

    public static int ScaleWords(int columns) => DeviceQ4_1.ScaleWords(columns);

    public static void PackRow(byte* source, int columns, uint* words, uint* scales)
    {
        for (int block = 0; block < columns / 32; block++, source += 24)
        {
            scales[block] = *(uint*)source;
            words[columns / 8 + block] = PackedLevels.SpreadFifths(*(uint*)(source + 4));
            PackedLevels.SplitNibbles(source + 8, 16, words + block * 4);
        }
    }

    public BlockScale Scale(WeightView weight, int row, int column) => PackedLevels.StepAndMinimum(weight, row, column / 32);

    public F8 Load(WeightView weight, int row, int column, BlockScale scale)
        => F8.Scaled(PackedLevels.FiveBits(weight, row, column, 0f), scale.Step, scale.Offset);

    public int Eights => 4;

    public WeightPiece Fetch(WeightView weight, int row, int index)
        => PackedLevels.FiveBitPiece(weight, row, index, Scale(weight, row, index * 32));

    public F8 Eight(WeightPiece piece, int part) => F8.Scaled(PackedLevels.FiveBits(piece, part, 0f), piece.Scale.Step, piece.Scale.Offset);

    public float Factor(WeightPiece piece, int part) => 1f;
}
