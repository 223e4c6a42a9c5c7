using System.Buffers.Binary;
using System.Text.Json;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>Writes a safetensors file; nothing half-written ever stands under its name (<see cref="OutputFile"/>).</summary>
internal static class SafeTensorsWriter
{
    /// <summary>One tensor to write: its bytes are made when their turn comes.</summary>
    public sealed record Entry(string Name, StorageType Type, long[] Shape, Action<Stream> Write);

    /// <param name="inputs">Files that are read for it, a mapped checkpoint's too: none of them may be written.</param>
    /// <exception cref="BadInputException">The path cannot be written, or is one of the inputs.</exception>
    public static void Write(string path, IReadOnlyList<Entry> entries, IEnumerable<string> inputs)
    {
        using var file = new OutputFile(path, inputs);
        Write(file.Stream, entries);
        file.Complete();
    }

    /// <summary>The same to a stream that need not seek.</summary>
    public static void Write(Stream stream, IReadOnlyList<Entry> entries)
    {
        WriteHeader(stream, entries);
        foreach (Entry entry in entries) entry.Write(stream);
    }

    private static void WriteHeader(Stream stream, IReadOnlyList<Entry> entries)
    {
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            long offset = 0;
            json.WriteStartObject();
            foreach (Entry entry in entries)
            {
                long bytes = entry.Type.Bytes(entry.Shape.Aggregate(1L, (product, size) => product * size));
                json.WriteStartObject(entry.Name);
                json.WriteString("dtype", entry.Type.ToString());
                json.WriteStartArray("shape");
                foreach (long size in entry.Shape) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += bytes);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        // Blanks after the JSON, so that the data begins at a multiple of 8.
        while (header.Length % 8 != 0) header.WriteByte((byte)' ');
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        header.WriteTo(stream);
    }
}
