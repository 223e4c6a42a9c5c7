using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace EdgeVideoLlava.Trainer.Reports;

/// <summary>A TensorBoard event file: scalars by step.</summary>
/// <remarks>
/// Records as TFRecord (tensorflow/core/lib/io/record_writer.h): length, its masked CRC-32C, data, the data's. The data is a message
/// tensorflow.Event: wall_time 1, step 2, file_version 3, summary 5 with values 1 of tag 1 and simple_value 2.
/// </remarks>
internal sealed class EventFile : IDisposable
{
    private const byte WallTime = 1 << 3 | 1, StepNumber = 2 << 3, FileVersion = 3 << 3 | 2, Summary = 5 << 3 | 2, Value = 1 << 3 | 2,
        Tag = 1 << 3 | 2, SimpleValue = 2 << 3 | 5;

    private readonly FileStream file;

    /// <summary>A file of its own in a folder: TensorBoard joins those of one run.</summary>
    /// <param name="folder">Made where it is absent.</param>
    public EventFile(string folder, DateTimeOffset now)
    {
        Directory.CreateDirectory(folder);
        file = new FileStream(Path.Combine(folder, $"events.out.tfevents.{now.ToUnixTimeMilliseconds()}.edge"), FileMode.Create,
            FileAccess.Write, FileShare.Read);
        Record(now, 0, Field(FileVersion, "brain.Event:2"u8));
    }

    public void Write(DateTimeOffset now, int step, params ReadOnlySpan<(string Tag, double Value)> scalars)
    {
        using var summary = new MemoryStream();
        foreach ((string tag, double value) in scalars)
        {
            byte[] number = new byte[5];
            number[0] = SimpleValue;
            BinaryPrimitives.WriteSingleLittleEndian(number.AsSpan(1), (float)value);
            summary.Write(Field(Value, [.. Field(Tag, Encoding.UTF8.GetBytes(tag)), .. number]));
        }
        Record(now, step, Field(Summary, summary.ToArray()));
    }

    public void Dispose() => file.Dispose();

    private void Record(DateTimeOffset now, int step, byte[] content)
    {
        byte[] time = new byte[9];
        time[0] = WallTime;
        BinaryPrimitives.WriteDoubleLittleEndian(time.AsSpan(1), now.ToUnixTimeMilliseconds() / 1000.0);
        byte[] data = [.. time, StepNumber, .. Varint((ulong)step), .. content];
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)data.Length);
        file.Write(length);
        file.Write(Masked(length));
        file.Write(data);
        file.Write(Masked(data));
        file.Flush();
    }

    private static byte[] Field(byte key, ReadOnlySpan<byte> bytes) => [key, .. Varint((ulong)bytes.Length), .. bytes];

    private static byte[] Varint(ulong number)
    {
        List<byte> bytes = [];
        for (; number >= 0x80; number >>= 7) bytes.Add((byte)(number | 0x80));
        return [.. bytes, (byte)number];
    }

    private static byte[] Masked(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes) crc = BitOperations.Crc32C(crc, value);
        crc = ~crc;
        byte[] masked = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(masked, unchecked((crc >> 15 | crc << 17) + 0xA282EAD8));
        return masked;
    }
}
