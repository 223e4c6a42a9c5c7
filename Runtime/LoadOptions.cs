using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Runtime;

/// <summary>How a checkpoint is loaded.</summary>
/// <param name="AllVisionLayers">Loads the towers' last layers too, which no feature needs: for a trace.</param>
/// <param name="AvailableMemory">Host bytes that may be used; null = what the system says is free.</param>
/// <param name="LanguageWeights">
/// Storage type of the language model's seven linears (q, k, v, o, gate, up, down), which are converted while loading; null = as stored.
/// Embedding, head, norms and projector stay as stored.
/// </param>
/// <param name="TowerWeights">Storage type of the encoders' linears (q, k, v, out, fc1, fc2), likewise.</param>
/// <param name="KvCache">Type of the KV caches: I8, bytes with a scale for each position and head; null = the activations'.</param>
/// <param name="Trainable">
/// Parts whose parameters are float32 in memory of their own, which may be written; they share nothing: no tower another tower's weights,
/// no head the embedding.
/// </param>
/// <param name="TrainableType">F32; or F16, to which trainable weights are rounded: their float32 masters are the trainer's.</param>
internal sealed record LoadOptions(
    bool AllVisionLayers = false, long? AvailableMemory = null, StorageType? LanguageWeights = null, StorageType? KvCache = null,
    ModelPart Trainable = ModelPart.None, StorageType TrainableType = StorageType.F32, StorageType? TowerWeights = null)
{
    internal bool Trains(ModelPart part) => (Trainable & part) != 0;

    /// <summary>The type that a parameter has once it is loaded: the one rule for the loader and for the forecast of memory.</summary>
    internal StorageType TypeOf(ParameterSpec parameter, StorageType stored)
        => !parameter.IsWeight ? StorageType.F32
            : Trains(parameter.Part) ? TrainableType
            : Wanted(parameter) is { } wanted ? wanted.ForRows(parameter.Columns)
            : stored;

    /// <summary>Whether a parameter's type is another's choice than the file's.</summary>
    internal bool ChoosesType(ParameterSpec parameter)
        => Trains(parameter.Part) || Wanted(parameter) != null;

    /// <summary>The type that a linear's weights are to have; null for as stored.</summary>
    internal StorageType? Wanted(ParameterSpec parameter)
        => parameter.IsLanguageLinear ? LanguageWeights : parameter.IsTowerLinear ? TowerWeights : null;

    /// <summary>The device copies linear layers in blocks into an order of its own.</summary>
    internal bool Rearranges { get; init; }

    /// <summary>With what a device does of its own accord.</summary>
    internal LoadOptions On(ComputeDevice device) => this with { Rearranges = device.RearrangesLinears };

    /// <summary>Whether a parameter is copied into an order that only products read.</summary>
    internal bool IsRearranged(ParameterSpec parameter, StorageType stored)
        => Rearranges && parameter is { IsWeight: true, Role: not ParameterRole.Embedding } && PanelBuffer.Takes(TypeOf(parameter, stored),
            [.. parameter.Tensors.Select(tensor => (int)tensor.Shape[0])]);

    /// <summary>Whether a tied head is loaded apart from the embedding.</summary>
    internal bool HeadIsApart(ParameterSpec head, StorageType stored) => IsRearranged(head, stored);

    /// <summary>Whether the processor can use a parameter where it is, in the mapped file.</summary>
    internal bool StaysMapped(ParameterSpec parameter, StorageType stored)
        => parameter is { IsWeight: true, Tensors.Count: 1 } && !Trains(parameter.Part) && TypeOf(parameter, stored) == stored
            && !IsRearranged(parameter, stored);

    /// <exception cref="ArgumentException">Two options contradict each other.</exception>
    internal void Validate()
    {
        if (Trains(ModelPart.Language) && LanguageWeights is { } type)
            throw new ArgumentException($"a trainable language model is float32; its linears cannot be {type} too");
    }

    /// <summary>The type of the KV caches on a device.</summary>
    /// <exception cref="ArgumentException">There are no caches of that type.</exception>
    internal StorageType CacheOn(ComputeDevice device) => KvCache is null or StorageType.I8 ? KvCache ?? device.ActivationType
        : throw new ArgumentException($"KV caches are of the activations' type or I8, not {KvCache}");
}
