namespace EdgeVideoLlava.Quantizer;

/// <summary>What is in a checkpoint folder or a safetensors file.</summary>
/// <param name="Path">As given.</param>
/// <param name="Variant">"original" or "hf"; null for a single file.</param>
/// <param name="Why">The tensor name that decided the variant.</param>
/// <param name="FileBytes">Bytes on disk.</param>
/// <param name="Groups">Tensors by part of the model.</param>
/// <param name="Sizes">The resolved sizes, name and value; empty for a single file.</param>
/// <param name="Memory">Bytes needed for each device and type; empty for a single file.</param>
/// <param name="Ignored">Names of buffers that are ignored on purpose.</param>
/// <param name="Notices">What a user should know: assumed head counts, unknown keys.</param>
/// <param name="Tensors">All tensors, under their canonical names.</param>
public sealed record CheckpointReport(
    string Path, string? Variant, string? Why, long FileBytes, IReadOnlyList<TensorGroup> Groups, IReadOnlyList<SizeEntry> Sizes,
    IReadOnlyList<MemoryEntry> Memory, IReadOnlyList<string> Ignored, IReadOnlyList<string> Notices, IReadOnlyList<TensorEntry> Tensors);

/// <summary>The tensors of one part of the model.</summary>
/// <param name="Name">The part.</param>
/// <param name="Tensors">How many there are.</param>
/// <param name="Parameters">Numbers in all of them.</param>
/// <param name="Bytes">On disk.</param>
/// <param name="Types">Their types, each once.</param>
public sealed record TensorGroup(string Name, int Tensors, long Parameters, long Bytes, string Types);

/// <summary>A size of the model.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Value">As shown.</param>
public sealed record SizeEntry(string Name, string Value);

/// <summary>Bytes for the weights, and for the KV cache of one conversation at the full context: of the device's own
/// type, and of bytes.</summary>
/// <param name="Device">A processor or an accelerator.</param>
/// <param name="Type">Type of the language model's linear layers.</param>
/// <param name="Weights">Bytes.</param>
/// <param name="KvCache">Bytes, of the device's own type.</param>
/// <param name="KvCacheInt8">Bytes, of int8.</param>
public sealed record MemoryEntry(string Device, string Type, long Weights, long KvCache, long KvCacheInt8);

/// <summary>One tensor.</summary>
/// <param name="Name">Canonical.</param>
/// <param name="Type">How its numbers are stored.</param>
/// <param name="Shape">Outermost first.</param>
/// <param name="Bytes">On disk.</param>
public sealed record TensorEntry(string Name, string Type, IReadOnlyList<long> Shape, long Bytes);
