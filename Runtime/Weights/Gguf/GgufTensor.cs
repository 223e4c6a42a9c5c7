using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Runtime.Weights.Gguf;

/// <summary>A tensor of a GGUF file.</summary>
/// <param name="Sizes">In ggml's order, the reverse of a shape: the length of a row first.</param>
/// <param name="Offset">Of its first byte, from the start of the file.</param>
/// <param name="Address">Of its first byte in the mapped file.</param>
internal sealed record GgufTensor(string Name, StorageType Type, IReadOnlyList<long> Sizes, long Offset, long Bytes, nint Address);
