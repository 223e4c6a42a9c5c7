using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>Which storage type each tensor has once it is loaded: the one rule for the loader and for the estimate of memory.</summary>
internal static class LanguageStorage
{
    /// <summary>The type after loading.</summary>
    /// <param name="wanted">What the language model's linears shall be; null = as stored.</param>
    public static StorageType Of(HostTensor tensor, string name, StorageType? wanted)
        => wanted is { } type && IsLinear(name) ? type.ForRows((int)tensor.Shape[1]) : tensor.Type;

    /// <summary>Canonical names of the seven linears: layers.N.self_attn.q_proj.weight, ... layers.N.mlp.down_proj.weight.</summary>
    public static bool IsLinear(string name) => name.StartsWith("layers.") && name.EndsWith("_proj.weight");
}
