using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Runtime.Weights.Gguf;

/// <summary>Writes a GGUF file of version 3 from front to back, to a stream that need not seek: tensors are made when their turn
/// comes.</summary>
/// <remarks>The format is described at <see cref="GgufFile"/>.</remarks>
internal static class GgufOutput
{
    private const int Version = 3, Alignment = 32;

    /// <summary>A tensor to write.</summary>
    /// <param name="Shape">In the usual order, the outermost axis first.</param>
    /// <param name="Write">Writes exactly its bytes.</param>
    public sealed record Entry(string Name, StorageType Type, long[] Shape, Action<Stream> Write)
    {
        public long Bytes => Type.Bytes(Shape.Aggregate(1L, (product, size) => product * size));
    }

    public static void Write(Stream stream, IReadOnlyList<GgufKey> keys, IReadOnlyList<Entry> tensors)
    {
        byte[] header = Header(keys, tensors);
        stream.Write(header);
        Pad(stream, header.Length);
        foreach (Entry tensor in tensors)
        {
            tensor.Write(stream);
            Pad(stream, tensor.Bytes);
        }
    }

    /// <summary>Bytes that the file will have.</summary>
    public static long FileBytes(IReadOnlyList<GgufKey> keys, IReadOnlyList<Entry> tensors)
        => Aligned(Header(keys, tensors).Length) + tensors.Sum(tensor => Aligned(tensor.Bytes));

    private static byte[] Header(IReadOnlyList<GgufKey> keys, IReadOnlyList<Entry> tensors)
    {
        using var header = new MemoryStream();
        using var writer = new BinaryWriter(header);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write((long)tensors.Count);
        writer.Write((long)keys.Count);
        foreach (GgufKey key in keys)
        {
            writer.Write(GgufKey.Text(key.Name));
            writer.Write(key.Value);
        }
        long offset = 0;
        foreach (Entry tensor in tensors)
        {
            writer.Write(GgufKey.Text(tensor.Name));
            writer.Write(tensor.Shape.Length);
            foreach (long size in tensor.Shape.Reverse()) writer.Write(size);
            writer.Write(GgufFile.NumberOf(tensor.Type));
            writer.Write(offset);
            offset += Aligned(tensor.Bytes);
        }
        return header.ToArray();
    }

    private static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    private static void Pad(Stream stream, long bytes) => stream.Write(new byte[Aligned(bytes) - bytes]);
}
