using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Runtime.Weights.Torch;

/// <summary>A class or function that a pickle may name: known by its name alone, never called.</summary>
/// <param name="Storage">The type of numbers where it is a storage's class.</param>
internal sealed record PickleGlobal(string Name, StorageType? Storage)
{
    public const string RebuildTensor = "torch._utils._rebuild_tensor_v2", RebuildParameter = "torch._utils._rebuild_parameter",
        OrderedDictionary = "collections.OrderedDict";

    /// <summary>All there are. Names are compared whole: a dotted one would lead on from an allowed module.</summary>
    public static Dictionary<(string Module, string Name), PickleGlobal> Allowed { get; } = new()
    {
        [("torch._utils", "_rebuild_tensor_v2")] = new(RebuildTensor, null),
        [("torch._utils", "_rebuild_parameter")] = new(RebuildParameter, null),
        [("collections", "OrderedDict")] = new(OrderedDictionary, null),
        [("torch", "FloatStorage")] = new("torch.FloatStorage", StorageType.F32),
        [("torch", "HalfStorage")] = new("torch.HalfStorage", StorageType.F16),
        [("torch", "BFloat16Storage")] = new("torch.BFloat16Storage", StorageType.BF16),
        [("torch", "LongStorage")] = new("torch.LongStorage", StorageType.I64),
        [("torch", "IntStorage")] = new("torch.IntStorage", StorageType.I32),
        [("torch", "CharStorage")] = new("torch.CharStorage", StorageType.I8),
        [("torch", "ByteStorage")] = new("torch.ByteStorage", StorageType.U8),
        [("torch", "BoolStorage")] = new("torch.BoolStorage", StorageType.U8),
    };
}

/// <summary>A tuple.</summary>
internal sealed record PickleTuple(object?[] Items);

/// <summary>A piece of raw numbers that is stored beside the pickle.</summary>
/// <param name="Count">Numbers that it claims to hold.</param>
internal sealed record PickleStorage(StorageType Type, string Key, long Count);

/// <summary>A view into a storage, not checked yet.</summary>
internal sealed record PickleTensor(PickleStorage Storage, long Offset, long[] Sizes, long[] Strides);
