using EdgeVideoLlava.Kernels.Errors;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Runtime;

/// <summary>A type of KV caches. A string converts to it.</summary>
public sealed record CacheType
{
    private CacheType(string name, StorageType? storage) => (Name, Storage) = (name, storage);

    public string Name { get; }

    internal StorageType? Storage { get; }

    /// <summary>The type of the activations.</summary>
    public static CacheType Compute { get; } = new("compute", null);

    /// <summary>Signed bytes with a scale for each position and head: about half of fp16's memory.</summary>
    public static CacheType Int8 { get; } = new("int8", StorageType.I8);

    public static IReadOnlyList<CacheType> All { get; } = [Compute, Int8];

    /// <exception cref="BadInputException">There is none of this name.</exception>
    public static CacheType Parse(string name) => Named.Find(All, type => type.Name, name, "type of KV cache");

    public static implicit operator CacheType(string name) => Parse(name);

    public override string ToString() => Name;
}
