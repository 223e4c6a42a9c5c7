using System.Runtime.InteropServices;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>Host memory that a queue's writes are copied to first: drivers read it later, when the caller's span may be gone.</summary>
/// <remarks>Blocks are used again once the queue has passed the write that used them, so their number settles.</remarks>
internal sealed unsafe class HostStaging : IDisposable
{
    private const long SmallestBlock = 4096;

    private readonly List<Block> blocks = [];

    /// <summary>A block of at least so many bytes that no unfinished write reads from.</summary>
    /// <param name="done">Ticket up to which the queue's work is done.</param>
    public Block Take(long bytes, long done)
    {
        foreach (Block block in blocks)
        {
            if (block.Ticket <= done && block.Bytes >= bytes) return block;
        }
        var added = new Block(Math.Max(SmallestBlock, bytes));
        blocks.Add(added);
        return added;
    }

    public void Dispose()
    {
        foreach (Block block in blocks) NativeMemory.Free(block.Address);
        blocks.Clear();
    }

    internal sealed class Block(long bytes)
    {
        public long Bytes { get; } = bytes;
        public void* Address { get; } = NativeMemory.Alloc((nuint)bytes);

        /// <summary>Of the last write from here.</summary>
        public long Ticket { get; set; }
    }
}
