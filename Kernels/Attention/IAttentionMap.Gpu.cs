using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>Which keys a query sees, and in which rows queries and keys stand. Keys are numbered so that a query sees neighbours.</summary>
internal interface IAttentionMap
{
    int Queries { get; }

    int QueryRow(int query);

    int KeyRow(int key);

    KeyRange Keys(int query);
}

/// <summary>Keys First to End - 1.</summary>
internal struct KeyRange
{
    public int First, End;

    public static KeyRange Union(KeyRange a, KeyRange b) => new() { First = XMath.Min(a.First, b.First), End = XMath.Max(a.End, b.End) };

    /// <summary>The union over a warp's lanes.</summary>
    public static KeyRange OfWarp(KeyRange range)
    {
        range = Union(range, Of(range, 16));
        range = Union(range, Of(range, 8));
        range = Union(range, Of(range, 4));
        range = Union(range, Of(range, 2));
        return Union(range, Of(range, 1));
    }

    private static KeyRange Of(KeyRange range, int lanes)
        => new() { First = Warp.ShuffleXor(range.First, lanes), End = Warp.ShuffleXor(range.End, lanes) };
}

/// <summary>Sequences one after the other, each looking at itself: short ones share a tile.</summary>
internal readonly struct SequenceMap(SequenceLayout layout) : IAttentionMap
{
    public int Queries => layout.Count * layout.Length;

    public int QueryRow(int query)
    {
        int sequence = query / layout.Length;
        return sequence / layout.Inner * layout.Outer + sequence % layout.Inner + query % layout.Length * layout.Step;
    }

    public int KeyRow(int key) => QueryRow(key);

    public KeyRange Keys(int query)
    {
        int first = query / layout.Length * layout.Length;
        return new KeyRange { First = first, End = first + layout.Length };
    }
}

/// <summary>Query t sees the keys up to its position.</summary>
internal readonly struct CausalMap(ArrayView<int> positions, int queries) : IAttentionMap
{
    public int Queries => queries;

    public int QueryRow(int query) => query;

    public int KeyRow(int key) => key;

    public KeyRange Keys(int query) => new() { First = 0, End = positions[query] + 1 };
}
