using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Runtime.Language;

/// <summary>What belongs to one conversation: the KV cache of every layer and how many positions of it are filled.</summary>
internal sealed class LlamaState : IDisposable
{
    internal LlamaState(ComputeDevice device, LlamaConfig config, StorageType cache)
    {
        Context = config.Context;
        Caches = new KvCache[config.Layers];
        for (int layer = 0; layer < Caches.Length; layer++)
            Caches[layer] = new KvCache(device, config.KeyValueHeads, config.HeadSize, cache);
    }

    internal KvCache[] Caches { get; }

    /// <summary>Keys (rotated) and values of a layer: positions 0 to <see cref="Length"/> - 1 are filled.</summary>
    public KvCache Cache(int layer) => Caches[layer];

    public int Context { get; }

    /// <summary>Positions in the cache; the next token takes this position.</summary>
    public int Length { get; private set; }

    /// <summary>Forgets everything from a position on, for another continuation of the same prefix.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = Math.Min(Length, length);
    }

    public void Dispose()
    {
        foreach (KvCache cache in Caches) cache.Dispose();
    }

    /// <summary>Makes sure that so many more positions fit into the context.</summary>
    /// <exception cref="BadInputException">They do not.</exception>
    internal void Require(int more)
    {
        if (Length + more > Context)
            throw new BadInputException(
                $"the prompt needs {Length + more} positions, the model has {Context}: {Length + more - Context} too many; ask less or "
                + "start anew");
    }

    /// <summary>Makes room for more positions before they are written.</summary>
    internal void Reserve(ComputeQueue queue, int more)
    {
        foreach (KvCache cache in Caches) cache.Reserve(queue, Length + more, Length, Context);
    }

    internal void Advance(int positions) => Length += positions;
}
