namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>Picture files without an encoder.</summary>
internal static class Bitmap
{
    /// <summary>A 24-bit bitmap; pixel i in reading order is (200 + i, 100 + i, i), modulo 256.</summary>
    public static byte[] Of(int width, int height)
    {
        int stride = (width * 3 + 3) / 4 * 4;
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("BM"u8);
        foreach (int value in (int[])[54 + stride * height, 0, 54, 40, width, height]) writer.Write(value);
        writer.Write((short)1);
        writer.Write((short)24);
        writer.Write(new byte[24]);
        for (int y = height - 1; y >= 0; y--)
        {
            var row = new byte[stride];
            for (int x = 0; x < width; x++)
            {
                int i = y * width + x;
                (row[3 * x], row[3 * x + 1], row[3 * x + 2]) = ((byte)i, (byte)(100 + i), (byte)(200 + i));
            }
            writer.Write(row);
        }
        return stream.ToArray();
    }
}
