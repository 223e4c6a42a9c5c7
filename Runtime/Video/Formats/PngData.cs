using System.Buffers.Binary;
using System.IO.Compression;

namespace EdgeVideoLlava.Runtime.Video.Formats;

/// <summary>Unpacks the data of a PNG (W3C PNG specification) as far as it has rows, without making pixels of them.</summary>
/// <remarks>Its end mark says nothing: what counts is that every row is there. A file that lacks the mark alone is whole.</remarks>
internal static class PngData
{
    /// <summary>Column and row where each of Adam7's passes begins, and its steps.</summary>
    private static readonly (int X, int Y, int StepX, int StepY)[] Passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    /// <summary>Whether the packed data hold every row.</summary>
    /// <exception cref="InvalidDataException">They are damaged.</exception>
    public static bool Complete(Stream stream, long mostPixels)
    {
        stream.Position = 8;
        Span<byte> header = stackalloc byte[8 + 13];
        if (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length) return false;
        header = header[8..];
        long width = BinaryPrimitives.ReadUInt32BigEndian(header), height = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        if (width * height > mostPixels) return true;
        int bits = header[8] * header[9] switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        long needed = header[12] == 0 ? Rows(width, height, bits)
            : Passes.Sum(pass => Rows(Steps(width, pass.X, pass.StepX), Steps(height, pass.Y, pass.StepY), bits));
        stream.Seek(4, SeekOrigin.Current);
        var packed = new DataChunks(stream);
        try
        {
            return Unpacked(packed, needed) == needed;
        }
        catch (InvalidDataException) when (packed.HasEnded)
        {
            return false;
        }
    }

    private static long Steps(long size, int from, int step) => (size - from + step - 1) / step;

    /// <summary>Bytes of rows, each with the byte that names its filter.</summary>
    private static long Rows(long width, long height, int bits) => width <= 0 || height <= 0 ? 0 : height * (1 + (width * bits + 7) / 8);

    /// <summary>Bytes that the packed data give, at most as many as are needed.</summary>
    private static long Unpacked(Stream packed, long needed)
    {
        using var rows = new ZLibStream(packed, CompressionMode.Decompress);
        var piece = new byte[1 << 16];
        long got = 0;
        while (got < needed && rows.Read(piece, 0, (int)Math.Min(piece.Length, needed - got)) is var read and > 0) got += read;
        return got;
    }

    /// <summary>The data of all IDAT chunks, one after the other.</summary>
    private sealed class DataChunks(Stream file) : Stream
    {
        private readonly byte[] head = new byte[8];
        private long left;
        private bool begun;

        /// <summary>Whether there is no more: of the chunks, or of the file.</summary>
        public bool HasEnded { get; private set; }

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (buffer.IsEmpty || !Fill()) return 0;
            int read = file.Read(buffer[..(int)Math.Min(buffer.Length, left)]);
            left -= read;
            HasEnded = read == 0;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        /// <summary>Goes on to the next chunk of data where this one is read; false at the end.</summary>
        private bool Fill()
        {
            while (left == 0 && !HasEnded)
            {
                if (begun) file.Seek(4, SeekOrigin.Current); // checksum
                if (file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) < head.Length)
                {
                    HasEnded = true;
                    break;
                }
                long length = BinaryPrimitives.ReadUInt32BigEndian(head);
                if (head.AsSpan(4).SequenceEqual("IDAT"u8)) (left, begun) = (length, true);
                else if (begun) HasEnded = true; // they stand together
                else file.Seek(length + 4, SeekOrigin.Current);
            }
            return left > 0;
        }
    }
}
