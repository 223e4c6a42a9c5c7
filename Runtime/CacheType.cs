using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Runtime;

/// <summary>A type of KV caches. A string converts to it.</summary>
public sealed record CacheType
{
    private CacheType(string name, StorageType? storage) => (Name, Storage) = (name, storage);

    /// <summary>As options and messages spell it.</summary>
    public string Name { get; }

    internal StorageType? Storage { get; }

    /// <summary>The type of the activations.</summary>
    public static CacheType Compute { get; } = new("compute", null);

    /// <summary>Signed bytes with a scale for each position and head: about half of fp16's memory.</summary>
    public static CacheType Int8 { get; } = new("int8", StorageType.I8);

    /// <summary>Every type there is, in the order of lists shown to users.</summary>
    public static IReadOnlyList<CacheType> All { get; } = [Compute, Int8];

    /// <exception cref="BadInputException">There is none of this name.</exception>
    public static CacheType Parse(string name) => Named.Find(All, type => type.Name, name, "type of KV cache");

    /// <summary>Its name in an option.</summary>
    /// <exception cref="BadInputException">There is none of that name.</exception>
    public static implicit operator CacheType(string name) => Parse(name);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
