using System.Buffers.Binary;
using System.IO.Compression;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Video;

/// <summary>A picture is whole when its data are, whatever its headers claim.</summary>
public sealed class PictureEndsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory, InlineData("base_120x80.png"), InlineData("base_120x80_adam7.png"), InlineData("palette16_120x80.png"),
        InlineData("base_120x80_lossless.webp"), InlineData("odd_501x337_lossy.webp"), InlineData("rgba_120x80.webp"),
        InlineData("base_120x80.bmp"), InlineData("anim_3frames.gif"), InlineData("jpeg_420_120x80.jpg")]
    public void Cut_in_the_middle_it_ends_early(string file)
    {
        byte[] whole = Edge(file);
        Refused(whole[..(file.EndsWith("gif") ? whole.Length / 6 : whole.Length / 2)]);
    }

    /// <summary>A writer that was killed leaves whole blocks with all their marks, of which the last rows are missing.</summary>
    [Theory, InlineData("base_120x80.png"), InlineData("base_120x80_adam7.png"), InlineData("gray16_120x80.png"),
        InlineData("bilevel_120x80.png")]
    public void A_png_of_whole_blocks_with_too_few_rows_ends_early(string file)
    {
        byte[] rows = Rows(Edge(file));
        Read(Png(Edge(file), rows));
        Refused(Png(Edge(file), rows[..^1]));
        Refused(Png(Edge(file), rows[..(rows.Length / 3)]));
    }

    [Fact]
    public void A_png_without_its_end_mark_is_whole()
        => Assert.Equal(Read(Edge("base_120x80.png")).Rgb, Read(Edge("base_120x80.png")[..^12]).Rgb);

    [Theory, InlineData(0u), InlineData(100u), InlineData(uint.MaxValue)]
    public void The_size_that_a_webp_claims_does_not_count(uint claim)
    {
        byte[] whole = Edge("base_120x80_lossless.webp"), cut = whole[..(whole.Length / 2)];
        BinaryPrimitives.WriteUInt32LittleEndian(cut.AsSpan(4), claim);
        Refused(cut);
    }

    [Fact]
    public void A_lossy_webp_whose_chunk_was_shortened_too_ends_early()
    {
        byte[] cut = Edge("odd_501x337_lossy.webp")[..200];
        BinaryPrimitives.WriteInt32LittleEndian(cut.AsSpan(4), cut.Length - 8);
        BinaryPrimitives.WriteInt32LittleEndian(cut.AsSpan(16), cut.Length - 20);
        Refused(cut);
    }

    /// <summary>Two rows of three pixels, as runs: the size in the header says nothing about them.</summary>
    [Theory]
    [InlineData(new byte[] { 3, 1, 0, 0, 3, 2, 0, 1 }, true)]
    [InlineData(new byte[] { 3, 1, 0, 0, 3, 2 }, true)] // no end mark, but every pixel
    [InlineData(new byte[] { 3, 1, 0, 0, 0, 3, 1, 2, 1, 0, 0, 1 }, true)] // three pixels as they are, filled up to four bytes
    [InlineData(new byte[] { 3, 1, 0, 0 }, false)]
    [InlineData(new byte[] { 3, 1, 0, 0, 1, 2 }, false)]
    [InlineData(new byte[] { 3, 1, 0, 0, 0, 3, 1 }, false)]
    public void A_bitmap_of_runs_is_whole_with_its_last_pixel(byte[] runs, bool whole)
    {
        byte[] file = new byte[14 + 40 + 4 * 256 + runs.Length];
        "BM"u8.CopyTo(file);
        foreach ((int at, int value) in ((int, int)[])[(2, file.Length), (10, file.Length - runs.Length), (14, 40), (18, 3), (22, 2), (26, 1),
            (28, 8), (30, 1), (34, 0)])
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);
        file[26] = 1;
        file[28] = 8;
        runs.CopyTo(file, file.Length - runs.Length);
        if (whole) Assert.Equal((3, 2), (Read(file).Width, Read(file).Height));
        else Refused(file);
    }

    [Fact]
    public void A_bomb_is_not_unpacked()
    {
        byte[] png = Png(Edge("base_120x80.png"), new byte[20_000_000]);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), 1_000_000);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), 1_000_000);
        Assert.Throws<BadInputException>(() => Read(png));
    }

    private static byte[] Edge(string file) => File.ReadAllBytes(Golden.Data($"images/edge/{file}"));

    private Frame Read(byte[] file) => Pictures.Read(folder.File("picture", file));

    private void Refused(byte[] file) => Assert.Contains("ends early", Assert.Throws<BadInputException>(() => Read(file)).Message);

    /// <summary>The unpacked rows of a PNG.</summary>
    private static byte[] Rows(byte[] png)
    {
        var packed = new MemoryStream();
        for (int at = 8; at < png.Length; at += 12 + BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at)))
        {
            if (png.AsSpan(at + 4, 4).SequenceEqual("IDAT"u8)) packed.Write(png, at + 8, BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at)));
        }
        packed.Position = 0;
        var rows = new MemoryStream();
        new ZLibStream(packed, CompressionMode.Decompress).CopyTo(rows);
        return rows.ToArray();
    }

    /// <summary>A PNG with the header of another and these rows.</summary>
    private static byte[] Png(byte[] header, byte[] rows)
    {
        var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true)) zlib.Write(rows);
        return [.. header[..33], .. Chunk("IDAT"u8, packed.ToArray()), .. Chunk("IEND"u8, [])];
    }

    private static byte[] Chunk(ReadOnlySpan<byte> name, byte[] data)
    {
        byte[] named = [.. name, .. data], chunk = new byte[named.Length + 8];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        named.CopyTo(chunk, 4);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(4 + named.Length), Checksum(named));
        return chunk;
    }

    /// <summary>CRC-32, bit by bit.</summary>
    private static uint Checksum(byte[] data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
        }
        return ~crc;
    }
}
