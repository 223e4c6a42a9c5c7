using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Runtime;

/// <summary>A type of the activations. A string converts to it.</summary>
public sealed record ComputeType
{
    private ComputeType(string name, StorageType storage) => (Name, Storage) = (name, storage);

    /// <summary>As options and messages spell it.</summary>
    public string Name { get; }

    internal StorageType Storage { get; }

    /// <summary>Float32.</summary>
    public static ComputeType Fp32 { get; } = new("fp32", StorageType.F32);

    /// <summary>Not on the processor.</summary>
    public static ComputeType Fp16 { get; } = new("fp16", StorageType.F16);

    /// <summary>Every type there is, in the order of lists shown to users.</summary>
    public static IReadOnlyList<ComputeType> All { get; } = [Fp32, Fp16];

    /// <exception cref="BadInputException">There is none of this name.</exception>
    public static ComputeType Parse(string name) => Named.Find(All, type => type.Name, name, "compute type");

    /// <summary>Its name in an option.</summary>
    /// <exception cref="BadInputException">There is none of that name.</exception>
    public static implicit operator ComputeType(string name) => Parse(name);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
