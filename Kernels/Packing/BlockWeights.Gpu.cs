namespace EdgeVideoLlava.Kernels;

/// <summary>Q8_0: a block's 32 signed bytes are 8 words, its scale one of the halves of the row's scale words (even block in the low half).</summary>
internal readonly unsafe struct DeviceQ8_0 : IDeviceWeights, IDevicePacking
{
    public static int RowWords(int columns) => columns / 4;

    public static int ScaleWords(int columns) => (columns / 32 + 1) / 2;

    public static void PackRow(byte* source, int columns, uint* words, uint* scales)
    {
        for (int block = 0; block < columns / 32; block++, source += 34)
        {
            ((ushort*)scales)[block] = *(ushort*)source;
            Buffer.MemoryCopy(source + 2, words + block * 8, 32, 32);
        }
    }

    public BlockScale Scale(WeightView weight, int row, int column) => new() { Step = PackedLevels.Half(weight, row, column / 32) };

    public F8 Load(WeightView weight, int row, int column, BlockScale scale)
    {
        int at = row * weight.RowWords + column / 4;
        uint a = weight.Words[at], b = weight.Words[at + 1];
        return new F8
        {
            X0 = ((int)(a << 24) >> 24) * scale.Step,
            X1 = ((int)(a << 16) >> 24) * scale.Step,
            X2 = ((int)(a << 8) >> 24) * scale.Step,
            X3 = ((int)a >> 24) * scale.Step,
            X4 = ((int)(b << 24) >> 24) * scale.Step,
            X5 = ((int)(b << 16) >> 24) * scale.Step,
            X6 = ((int)(b << 8) >> 24) * scale.Step,
            X7 = ((int)b >> 24) * scale.Step,
        };
    }
}

/// <summary>Q4_0: a block's 32 nibbles are 4 words, column 8k + i in bits 4i of word k; scales as in <see cref="DeviceQ8_0"/>.</summary>
/// <remarks>In the file a byte holds columns j and j + 16; put in order, a word is eight columns.</remarks>
internal readonly unsafe struct DeviceQ4_0 : IDeviceWeights, IDevicePacking
{
    public static int RowWords(int columns) => columns / 8;

    public static int ScaleWords(int columns) => DeviceQ8_0.ScaleWords(columns);

    public static void PackRow(byte* source, int columns, uint* words, uint* scales)
    {
        for (int block = 0; block < columns / 32; block++, source += 18)
        {
            ((ushort*)scales)[block] = *(ushort*)source;
            PackedLevels.SplitNibbles(source + 2, 16, words + block * 4);
        }
    }

    public BlockScale Scale(WeightView weight, int row, int column)
    {
        float step = PackedLevels.Half(weight, row, column / 32);
        return new BlockScale { Step = step, Offset = 8f * step };
    }

    public F8 Load(WeightView weight, int row, int column, BlockScale scale) => PackedLevels.Nibbles(weight.Words[row * weight.RowWords + column / 8], scale);
}

/// <summary>Q4_K: nibbles as in <see cref="DeviceQ4_0"/>; a block's first 16 bytes (d, dmin, 8 scales and minima) are 4 scale words as they are.</summary>
internal readonly unsafe struct DeviceQ4_K : IDeviceWeights, IDevicePacking
{
    public static int RowWords(int columns) => columns / 8;

    public static int ScaleWords(int columns) => columns / 256 * 4;

    public static void PackRow(byte* source, int columns, uint* words, uint* scales)
    {
        for (int block = 0; block < columns / 256; block++, source += 144)
        {
            Buffer.MemoryCopy(source, scales + block * 4, 16, 16);
            for (int part = 0; part < 4; part++) PackedLevels.SplitNibbles(source + 16 + part * 32, 32, words + block * 32 + part * 8);
        }
    }

    /// <remarks>The 6-bit fields are those of <see cref="AffineSuperBlock"/>: its bytes 0..3, 4..7 and 8..11 are the words Y, Z and W.</remarks>
    public BlockScale Scale(WeightView weight, int row, int column)
    {
        U4 head = weight.Quads[(weight.Scales + row * weight.ScaleWords) / 4 + column / 256];
        int shift = (column / 32 & 3) * 8;
        uint low = head.Y >> shift, middle = head.Z >> shift, high = head.W >> shift;
        bool upper = (column / 32 & 4) != 0;
        uint step = upper ? high & 15u | (low >> 6 & 3u) << 4 : low & 63u;
        uint offset = upper ? high >> 4 & 15u | (middle >> 6 & 3u) << 4 : middle & 63u;
        return new BlockScale { Step = DeviceMath.HalfToFloat(head.X & 0xffffu) * (int)step, Offset = DeviceMath.HalfToFloat(head.X >> 16) * (int)offset };
    }

    public F8 Load(WeightView weight, int row, int column, BlockScale scale) => PackedLevels.Nibbles(weight.Words[row * weight.RowWords + column / 8], scale);
}

/// <summary>What the block types share on the device.</summary>
internal static unsafe class PackedLevels
{
    /// <summary>Bytes that hold column j low and column j + count high, to words of eight consecutive columns.</summary>
    public static void SplitNibbles(byte* source, int count, uint* words)
    {
        for (int i = 0; i < count / 8; i++)
        {
            ulong eight = ((ulong*)source)[i];
            words[i] = Gather(eight);
            words[count / 8 + i] = Gather(eight >> 4);
        }
    }

    /// <summary>The half-precision scale of a row's block.</summary>
    public static float Half(WeightView weight, int row, int block)
        => DeviceMath.HalfToFloat(weight.Words[weight.Scales + row * weight.ScaleWords + block / 2] >> block % 2 * 16 & 0xffffu);

    /// <summary>Step · level − Offset. The product is exact (at most 21 bits), so that fused or not the result is the same.</summary>
    public static F8 Nibbles(uint word, BlockScale scale) => new()
    {
        X0 = (int)(word & 15u) * scale.Step - scale.Offset,
        X1 = (int)(word >> 4 & 15u) * scale.Step - scale.Offset,
        X2 = (int)(word >> 8 & 15u) * scale.Step - scale.Offset,
        X3 = (int)(word >> 12 & 15u) * scale.Step - scale.Offset,
        X4 = (int)(word >> 16 & 15u) * scale.Step - scale.Offset,
        X5 = (int)(word >> 20 & 15u) * scale.Step - scale.Offset,
        X6 = (int)(word >> 24 & 15u) * scale.Step - scale.Offset,
        X7 = (int)(word >> 28) * scale.Step - scale.Offset,
    };

    private static uint Gather(ulong bytes)
    {
        bytes &= 0x0f0f0f0f0f0f0f0f;
        bytes = (bytes | bytes >> 4) & 0x00ff00ff00ff00ff;
        bytes = (bytes | bytes >> 8) & 0x0000ffff0000ffff;
        return (uint)(bytes | bytes >> 16);
    }
}
