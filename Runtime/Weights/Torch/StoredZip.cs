using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Runtime.Weights.Torch;

/// <summary>A stored entry of a zip archive.</summary>
/// <param name="Offset">Of its bytes in the archive.</param>
/// <param name="Checksum">CRC-32 of its bytes; 0 where none was computed (torch.serialization.set_crc32_options).</param>
internal sealed record ZipEntry(string Name, long Offset, long Bytes, uint Checksum);

/// <summary>Where the entries of a zip archive lie in a mapped file. Only stored ones, as PyTorch writes them; nothing is
/// unpacked.</summary>
/// <remarks>Format: PKWARE's APPNOTE, with the 64-bit fields that archives above 4 GB need.</remarks>
internal sealed class StoredZip
{
    private const uint EndSign = 0x0605_4B50, End64Sign = 0x0606_4B50, Locator64Sign = 0x0706_4B50, EntrySign = 0x0201_4B50,
        LocalSign = 0x0403_4B50;

    private const int EndBytes = 22, CommentCeiling = 65_535, EntryBytes = 46, LocalBytes = 30, EntryCeiling = 200_000,
        PieceBytes = 1 << 20;

    private readonly MappedFile file;
    private readonly Dictionary<string, ZipEntry> entries = [];

    /// <exception cref="BadInputException">The directory is missing or contradicts the file, or an entry is compressed.</exception>
    public StoredZip(MappedFile file)
    {
        this.file = file;
        (long start, long bytes, long count) = FindDirectory();
        if (count > EntryCeiling) throw Broken(start, $"its directory claims {count} entries; at most {EntryCeiling} are possible");
        long at = start;
        for (long i = 0; i < count; i++) at = ReadEntry(at, start + bytes);
    }

    public IReadOnlyDictionary<string, ZipEntry> Entries => entries;

    /// <summary>Whether a file begins as a zip archive does.</summary>
    public static bool Is(MappedFile file) => file.Bytes >= 4 && BinaryPrimitives.ReadUInt32LittleEndian(file.Span(0, 4)) == LocalSign;

    /// <summary>Reads an entry's bytes once, from front to back, and holds them against their checksum.</summary>
    /// <exception cref="BadInputException">They are others than were written.</exception>
    public void Verify(ZipEntry entry)
    {
        if (entry.Checksum == 0) return;
        var crc = new Crc32();
        for (long at = 0; at < entry.Bytes; at += PieceBytes)
            crc.Append(file.Span(entry.Offset + at, (int)Math.Min(PieceBytes, entry.Bytes - at)));
        if (crc.GetCurrentHashAsUInt32() != entry.Checksum)
            throw Broken(entry.Offset, $"the entry {entry.Name} is damaged: its bytes have not the CRC-32 that was stored with them");
    }

    private (long Start, long Bytes, long Count) FindDirectory()
    {
        int tail = (int)Math.Min(file.Bytes, EndBytes + CommentCeiling);
        ReadOnlySpan<byte> last = file.Span(file.Bytes - tail, tail);
        for (int at = tail - EndBytes; at >= 0; at--)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(last[at..]) != EndSign) continue;
            ReadOnlySpan<byte> end = last[at..];
            long count = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]), bytes = BinaryPrimitives.ReadUInt32LittleEndian(end[12..]);
            long start = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
            long place = file.Bytes - tail + at;
            bool isLarge = count == ushort.MaxValue || bytes == uint.MaxValue || start == uint.MaxValue;
            if (isLarge) (start, bytes, count) = FindDirectory64(place);
            return start >= 0 && bytes >= 0 && start <= file.Bytes && bytes <= file.Bytes - start ? (start, bytes, count)
                : throw Broken(place, $"its directory of {bytes} bytes at {start} is not in the file");
        }
        throw Broken(file.Bytes, "its directory is missing; it may be cut short");
    }

    private (long Start, long Bytes, long Count) FindDirectory64(long end)
    {
        ReadOnlySpan<byte> locator = Read(end - 20, 20, "the 64-bit locator");
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator) != Locator64Sign) throw Broken(end - 20, "its 64-bit directory is missing");
        long at = BinaryPrimitives.ReadInt64LittleEndian(locator[8..]);
        ReadOnlySpan<byte> record = Read(at, 56, "the 64-bit end");
        if (BinaryPrimitives.ReadUInt32LittleEndian(record) != End64Sign) throw Broken(at, "its 64-bit directory is missing");
        return (BinaryPrimitives.ReadInt64LittleEndian(record[48..]), BinaryPrimitives.ReadInt64LittleEndian(record[40..]),
            BinaryPrimitives.ReadInt64LittleEndian(record[32..]));
    }

    /// <summary>Where the next entry of the directory stands.</summary>
    private long ReadEntry(long at, long end)
    {
        ReadOnlySpan<byte> head = Read(at, EntryBytes, "an entry of the directory");
        if (BinaryPrimitives.ReadUInt32LittleEndian(head) != EntrySign)
            throw Broken(at, "an entry of its directory has not the sign of one");
        int flags = BinaryPrimitives.ReadUInt16LittleEndian(head[8..]), method = BinaryPrimitives.ReadUInt16LittleEndian(head[10..]);
        long packed = BinaryPrimitives.ReadUInt32LittleEndian(head[20..]), bytes = BinaryPrimitives.ReadUInt32LittleEndian(head[24..]);
        int nameBytes = BinaryPrimitives.ReadUInt16LittleEndian(head[28..]),
            extraBytes = BinaryPrimitives.ReadUInt16LittleEndian(head[30..]);
        int commentBytes = BinaryPrimitives.ReadUInt16LittleEndian(head[32..]);
        long offset = BinaryPrimitives.ReadUInt32LittleEndian(head[42..]);
        string name = Encoding.UTF8.GetString(Read(at + EntryBytes, nameBytes, "the name of an entry"));
        Read64(Read(at + EntryBytes + nameBytes, extraBytes, $"the entry {name}"), ref bytes, ref packed, ref offset);
        long next = at + EntryBytes + nameBytes + extraBytes + commentBytes;
        if (next > end) throw Broken(at, $"the entry {name} goes beyond the directory");
        if ((flags & 1) != 0) throw Broken(at, $"the entry {name} is encrypted");
        if (method != 0 || packed != bytes) throw Broken(at, $"the entry {name} is compressed, which PyTorch never does");
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(head[16..]);
        if (!entries.TryAdd(name, new ZipEntry(name, DataOffset(name, offset, bytes), bytes, checksum)))
            throw Broken(at, $"two entries are named {name}");
        return next;
    }

    /// <summary>Extra field 1: those of the sizes and the offset that 32 bits do not hold, in this order.</summary>
    private static void Read64(ReadOnlySpan<byte> extra, ref long bytes, ref long packed, ref long offset)
    {
        while (extra.Length >= 4)
        {
            int id = BinaryPrimitives.ReadUInt16LittleEndian(extra), length = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (length > extra.Length - 4) return;
            ReadOnlySpan<byte> field = extra.Slice(4, length);
            if (id == 1)
            {
                Take(ref field, ref bytes);
                Take(ref field, ref packed);
                Take(ref field, ref offset);
            }
            extra = extra[(4 + length)..];
        }

        static void Take(ref ReadOnlySpan<byte> field, ref long number)
        {
            if (number != uint.MaxValue || field.Length < 8) return;
            number = BinaryPrimitives.ReadInt64LittleEndian(field);
            field = field[8..];
        }
    }

    private long DataOffset(string name, long offset, long bytes)
    {
        ReadOnlySpan<byte> local = Read(offset, LocalBytes, $"the header of {name}");
        if (BinaryPrimitives.ReadUInt32LittleEndian(local) != LocalSign) throw Broken(offset, $"the entry {name} has not the sign of one");
        long data = offset + LocalBytes + BinaryPrimitives.ReadUInt16LittleEndian(local[26..])
            + BinaryPrimitives.ReadUInt16LittleEndian(local[28..]);
        return bytes >= 0 && data <= file.Bytes && bytes <= file.Bytes - data ? data
            : throw Broken(offset, $"the entry {name} claims {bytes} bytes, more than follow in the file");
    }

    private ReadOnlySpan<byte> Read(long offset, int count, string what)
        => offset >= 0 && count <= file.Bytes && offset <= file.Bytes - count ? file.Span(offset, count)
            : throw Broken(Math.Max(0, offset), $"{what} is not in the file");

    private BadInputException Broken(long at, string what) => TorchFile.Broken(file.Path, at, what);
}
