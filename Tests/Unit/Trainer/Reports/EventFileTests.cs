using System.Buffers.Binary;
using EdgeVideoLlava.Tests.Unit.Support;
using EdgeVideoLlava.Trainer.Reports;

namespace EdgeVideoLlava.Tests.Unit.Trainer.Reports;

public sealed class EventFileTests
{
    /// <summary>The bytes that TensorFlow's own writer gives for this event, its checksums by a table of the polynomial 0x82F63B78.</summary>
    [Fact]
    public void Records_have_the_lengths_checksums_and_fields_of_the_format()
    {
        using var folder = new TemporaryFolder();
        var time = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_500);
        using (var events = new EventFile(folder.Path, time)) events.Write(time, 300, ("a", 0.5));
        byte[] file = File.ReadAllBytes(Assert.Single(Directory.GetFiles(folder.Path)));
        byte[] header = Record(file, 0, out int next), entry = Record(file, next, out int end);
        Assert.Equal(file.Length, end);
        byte[] clock = BitConverter.GetBytes(1_700_000_000.5);
        Assert.Equal([0x09, .. clock, 0x10, 0, 0x1A, 13, .. "brain.Event:2"u8], header);
        Assert.Equal([0x09, .. clock, 0x10, 0xAC, 0x02, 0x2A, 10, 0x0A, 8, 0x0A, 1, (byte)'a', 0x15, .. BitConverter.GetBytes(0.5f)], entry);
    }

    private static byte[] Record(byte[] file, int at, out int next)
    {
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
        byte[] data = file[(at + 12)..(at + 12 + length)];
        Assert.Equal(Masked(file[at..(at + 8)]), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
        Assert.Equal(Masked(data), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
        next = at + 16 + length;
        return data;
    }

    private static uint Masked(byte[] bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82F63B78 : crc >> 1;
        }
        crc = ~crc;
        return unchecked((crc >> 15 | crc << 17) + 0xA282EAD8);
    }
}
