using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>Host memory full of small random numbers of any type that can be written, blocks too, without their float32.</summary>
/// <remarks>
/// One piece of numbers, uniform within ±0.03, is converted once for each type and repeated. Its length is a prime number of the largest
/// blocks, so that the rows of a weight repeat after 4099 rows, not from row to row.
/// </remarks>
internal sealed unsafe class RandomMemory : IDisposable
{
    private const int LargestBlock = 256, PieceBlocks = 4099, Piece = PieceBlocks * LargestBlock;

    private readonly List<HostMemory> allocated = [];
    private readonly Dictionary<StorageType, byte[]> pieces = [];

    /// <summary>So many numbers of a type, which stay until this is disposed.</summary>
    /// <exception cref="DeviceFailedException">There is not enough memory.</exception>
    public nint Allocate(StorageType type, long elements)
    {
        long bytes = type.Bytes(elements);
        var memory = new HostMemory(bytes, mebibytes
            => $"no memory for {mebibytes} MiB of random weights; take fewer layers or a smaller type");
        allocated.Add(memory);
        byte[] piece = PieceOf(type);
        for (long at = 0; at < bytes; at += piece.Length)
        {
            int count = (int)Math.Min(piece.Length, bytes - at);
            piece.AsSpan(0, count).CopyTo(new Span<byte>((byte*)memory.Address + at, count));
        }
        return memory.Address;
    }

    public void Dispose()
    {
        foreach (HostMemory memory in allocated) memory.Dispose();
        allocated.Clear();
    }

    private byte[] PieceOf(StorageType type)
    {
        if (pieces.TryGetValue(type, out byte[]? piece)) return piece;
        var random = new Random(1);
        var numbers = new float[Piece];
        for (int i = 0; i < numbers.Length; i++) numbers[i] = 0.06f * random.NextSingle() - 0.03f;
        piece = new byte[type.Bytes(Piece)];
        if (type == StorageType.F32) MemoryMarshal.AsBytes<float>(numbers).CopyTo(piece);
        else if (!Pack.FromFloats(type, numbers, piece)) throw new InvalidOperationException($"numbers within 0.03 do not fit {type}");
        return pieces[type] = piece;
    }
}
