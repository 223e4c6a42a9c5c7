using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Runtime;

/// <summary>A type that weights can be converted to while loading; the names are llama.cpp's. A string converts to it.</summary>
public sealed record WeightType
{
    private WeightType(string name, StorageType storage) => (Name, Storage) = (name, storage);

    /// <summary>As options and messages spell it.</summary>
    public string Name { get; }

    internal StorageType Storage { get; }

    /// <summary>16 bits a weight.</summary>
    public static WeightType F16 { get; } = new("f16", StorageType.F16);

    /// <summary>8.5 bits a weight.</summary>
    public static WeightType Q8_0 { get; } = new("q8_0", StorageType.Q8_0);

    /// <summary>6.56 bits a weight.</summary>
    public static WeightType Q6_K { get; } = new("q6_k", StorageType.Q6_K);

    /// <summary>5.5 bits a weight.</summary>
    public static WeightType Q5_0 { get; } = new("q5_0", StorageType.Q5_0);

    /// <summary>6 bits a weight.</summary>
    public static WeightType Q5_1 { get; } = new("q5_1", StorageType.Q5_1);

    /// <summary>4.5 bits a weight.</summary>
    public static WeightType Q4_0 { get; } = new("q4_0", StorageType.Q4_0);

    /// <summary>5 bits a weight.</summary>
    public static WeightType Q4_1 { get; } = new("q4_1", StorageType.Q4_1);

    /// <summary>4.5 bits a weight, in blocks of 256.</summary>
    public static WeightType Q4_K { get; } = new("q4_k", StorageType.Q4_K);

    /// <summary>All there are, the larger ones first.</summary>
    public static IReadOnlyList<WeightType> All { get; } = [F16, Q8_0, Q6_K, Q5_0, Q5_1, Q4_0, Q4_1, Q4_K];

    /// <exception cref="BadInputException">There is none of this name.</exception>
    public static WeightType Parse(string name) => Named.Find(All, type => type.Name, name, "type of weights");

    /// <summary>Its name in an option, "q4_0" for instance.</summary>
    /// <exception cref="BadInputException">There is none of that name.</exception>
    public static implicit operator WeightType(string name) => Parse(name);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
