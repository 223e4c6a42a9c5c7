using System.Buffers.Binary;

namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>The orientation in EXIF data (JEITA CP-3451: a TIFF file, whose first directory has it under tag 0x0112).</summary>
internal static class ExifOrientation
{
    private const int Tag = 0x0112, Upright = 1, EntryBytes = 12;

    /// <summary>1 to 8, as a whole number of any width; 1 where there is none that makes sense.</summary>
    public static int Of(ReadOnlySpan<byte> exif)
    {
        if (exif.StartsWith("Exif\0\0"u8)) exif = exif[6..];
        if (exif.Length < 8) return Upright;
        bool big = exif[0] == 'M';
        uint Short(ReadOnlySpan<byte> bytes)
            => big ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        uint Long(ReadOnlySpan<byte> bytes)
            => big ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        uint directory = Long(exif[4..]);
        if (directory > exif.Length - 2) return Upright;
        ReadOnlySpan<byte> entries = exif[((int)directory + 2)..];
        for (uint left = Short(exif[(int)directory..]); left > 0 && entries.Length >= EntryBytes; left--)
        {
            if (Short(entries) == Tag)
            {
                ReadOnlySpan<byte> value = entries[8..];
                uint orientation = Short(entries[2..]) switch
                {
                    1 or 6 => value[0],
                    3 or 8 => Short(value),
                    4 or 9 => Long(value),
                    _ => Upright,
                };
                return orientation is >= 1 and <= 8 ? (int)orientation : Upright;
            }
            entries = entries[EntryBytes..];
        }
        return Upright;
    }
}
