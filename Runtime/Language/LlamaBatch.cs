using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime.Language;

/// <summary>Which rows of a forward pass belong to which conversation: a prefill has one segment of many rows, a
/// decode step up to 8 of one row.</summary>
/// <remarks>Reused from step to step, so that a step allocates nothing.</remarks>
internal sealed class LlamaBatch(ComputeDevice device) : IDisposable
{
    private readonly List<(LlamaState State, int Count)> segments = [];
    private CacheSegment[] caches = [];
    private int[] hostPositions = new int[8];
    private IntVector devicePositions = device.AllocateInts(8);

    /// <summary>(Rows): the position of every row in its conversation.</summary>
    internal IntVector Positions => devicePositions.Range(0, Rows);

    public int Rows { get; private set; }

    public void Clear()
    {
        segments.Clear();
        Rows = 0;
    }

    /// <summary>The next <paramref name="count"/> rows continue this conversation.</summary>
    public void Add(LlamaState state, int count)
    {
        if (Rows + count > hostPositions.Length)
        {
            Array.Resize(ref hostPositions, Math.Max(Rows + count, 2 * hostPositions.Length));
            devicePositions.Buffer.Dispose();
            devicePositions = device.AllocateInts(hostPositions.Length);
        }
        foreach ((LlamaState other, _) in segments)
        {
            if (ReferenceEquals(other, state)) throw new ArgumentException("a conversation stands twice in one step", nameof(state));
        }
        for (int i = 0; i < count; i++) hostPositions[Rows + i] = state.Length + i;
        segments.Add((state, count));
        Rows += count;
    }

    public void Dispose() => devicePositions.Buffer.Dispose();

    /// <summary>The conversations' caches of a layer, in the order of their rows; valid until the next call.</summary>
    internal ReadOnlySpan<CacheSegment> Caches(int layer)
    {
        if (caches.Length < segments.Count) caches = new CacheSegment[segments.Count];
        for (int i = 0; i < segments.Count; i++)
        {
            (LlamaState state, int count) = segments[i];
            caches[i] = new CacheSegment(state.Caches[layer].Keys, state.Caches[layer].Values, count);
        }
        return caches.AsSpan(0, segments.Count);
    }

    /// <summary>Makes room for the rows in the states' caches and tells the device their positions.</summary>
    /// <exception cref="BadInputException">A conversation does not fit into the context; no state has changed.</exception>
    internal void Begin(ComputeQueue queue)
    {
        // First all, so that a full context leaves every state as it was.
        foreach ((LlamaState state, int count) in segments) state.Require(count);
        foreach ((LlamaState state, int count) in segments) state.Reserve(queue, count);
        Upload(queue);
    }

    /// <summary>The rows are in the caches: the states grow by them.</summary>
    internal void End()
    {
        foreach ((LlamaState state, int count) in segments) state.Advance(count);
    }

    internal void Upload(ComputeQueue queue) => queue.Write(hostPositions.AsSpan(0, Rows), Positions);
}
