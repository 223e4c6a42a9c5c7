using System.Buffers.Binary;

namespace EdgeVideoLlava.Runtime.Video.Formats;

/// <summary>One frame of a GIF, by its blocks.</summary>
/// <param name="Header">Header, logical screen descriptor and global colours.</param>
/// <param name="Control">The graphic control extension, 8 bytes; empty if it has none.</param>
/// <param name="Image">Image descriptor, local colours, packed data.</param>
internal sealed record GifFrame(byte[] Header, byte[] Control, byte[] Image)
{
    private const int HasColours = 0x80, IsTransparent = 1, Trailer = 0x3B;

    /// <summary>A file with this frame alone, in which the transparent index is a colour as any other.</summary>
    public byte[] Opaque()
    {
        byte[] control = [.. Control];
        if (control.Length > 3) control[3] &= unchecked((byte)~IsTransparent);
        return [.. Header, .. control, .. Image, Trailer];
    }

    /// <summary>Column and row where the frame begins on the screen, and its size.</summary>
    public (int X, int Y, int Width, int Height) Place
        => (Number(Image, 1), Number(Image, 3), Number(Image, 5), Number(Image, 7));

    /// <summary>What Pillow shows of the screen around the frame: the colour of the transparent index, else of index 0.</summary>
    public (byte R, byte G, byte B) Around
    {
        get
        {
            int index = Control.Length > 6 && (Control[3] & IsTransparent) != 0 ? Control[6] : 0;
            (byte[] block, int flags, int start) = (Image[9] & HasColours) != 0 ? (Image, Image[9], 10) : (Header, Header[10], 13);
            if ((flags & HasColours) == 0) return ((byte)index, (byte)index, (byte)index); // gray without colours
            if (index >= 2 << (flags & 7)) return (0, 0, 0);
            int at = start + 3 * index;
            return (block[at], block[at + 1], block[at + 2]);
        }
    }

    private static int Number(byte[] block, int at) => BinaryPrimitives.ReadUInt16LittleEndian(block.AsSpan(at));
}
