using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Errors;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>Memory that a model takes, estimated before anything is loaded: host memory on the CPU device, device memory on an accelerator.</summary>
/// <param name="Mapped">Bytes read from the mapped files; they need memory to be fast, but the system may drop and read them again.</param>
/// <param name="Copied">Bytes of joined and converted weights.</param>
/// <param name="KvCachePerPosition">Bytes of the KV cache for each position of a conversation, scales included.</param>
/// <param name="KvCache">Bytes of the KV cache at the full context.</param>
/// <param name="OnAccelerator">Bytes of all weights and tables on an OpenCL or CUDA device, which keeps linears as stored (types without kernels there as F16) and vectors in float32.</param>
public sealed record MemoryNeed(long Mapped, long Copied, long KvCachePerPosition, long KvCache, long OnAccelerator)
{
    /// <summary>Must be free: copies, the cache at full context, and half of what is mapped (below that it would be read again and again).</summary>
    public long Minimum => Copied + KvCache + Mapped / 2;

    /// <param name="languageWeights">See <see cref="LoadOptions.LanguageWeights"/>: what is converted is read once, then only its copy is used.</param>
    /// <param name="cache">Type of the KV cache.</param>
    public static MemoryNeed Of(Checkpoint checkpoint, VideoLlavaConfig config, StorageType? languageWeights = null, StorageType cache = StorageType.F32)
    {
        long mapped = 0, copied = 0, onAccelerator = 0;
        foreach ((string name, HostTensor tensor) in checkpoint.Tensors)
        {
            bool joined = name.EndsWith("q_proj.weight") || name.EndsWith("k_proj.weight") || name.EndsWith("v_proj.weight")
                || name.EndsWith("gate_proj.weight") || name.EndsWith("up_proj.weight");
            StorageType type = LanguageStorage.Of(tensor, name, languageWeights);
            if (type != tensor.Type) copied += type.Bytes(tensor.Elements);
            else if (joined) copied += tensor.Bytes;
            else mapped += tensor.Bytes;
            onAccelerator += OnDevice(name, tensor, type);
        }
        onAccelerator += (long)config.Language.Context * config.Language.HeadSize * sizeof(float); // rotary tables: half of it cosines, half sines
        long perPosition = 2 * config.Language.Layers * HeadRows.RowBytes(config.Language.KeyValueHeads, config.Language.HeadSize, cache);
        return new MemoryNeed(mapped, copied, perPosition, perPosition * config.Language.Context, onAccelerator);
    }

    // Linears, patch embeddings and tables of words are weights, everything else is a matrix of float32.
    private static long OnDevice(string name, HostTensor tensor, StorageType type)
    {
        bool weight = tensor.Shape.Count > 1 && (!name.Contains("_embedding") || name.Contains("patch_embedding"));
        if (!weight) return tensor.Elements * sizeof(float);
        int rows = (int)tensor.Shape[0];
        return rows == 0 ? 0 : IlgpuDevice.WeightBytes(type, rows, (int)(tensor.Elements / rows));
    }

    /// <summary>Whether the device has room for the model and one conversation of the full context; names options with which it would fit.</summary>
    /// <exception cref="DeviceFailedException">Less is free than the model needs.</exception>
    public static void Check(Checkpoint checkpoint, VideoLlavaConfig config, ComputeDevice device, LoadOptions options)
    {
        StorageType cache = options.CacheOn(device);
        long need = Of(checkpoint, config, options.LanguageWeights, cache).On(device);
        if ((device.FreeMemory ?? SystemMemory.Available()) is var found && (options.AvailableMemory ?? found) is var free && free >= need) return;
        string what = device.FreeMemory == null ? "of memory" : $"of memory on {device.Description.Split(',')[0]}";
        var fitting = Smaller(cache).Select(smaller => (smaller.Options, Need: Of(checkpoint, config, smaller.Weights, smaller.Cache).On(device))).FirstOrDefault(smaller => smaller.Need <= free);
        string remedy = fitting.Options == null ? "close other programs or take a smaller model" : $"{fitting.Options} would need about {fitting.Need >> 20} MiB";
        throw new DeviceFailedException($"the model needs about {need >> 20} MiB {what}, {free >> 20} MiB are free; {remedy}");
    }

    private static readonly StorageType[] SmallerWeights = [StorageType.F16, StorageType.Q8_0, StorageType.Q6_K, StorageType.Q5_0, StorageType.Q4_K, StorageType.Q4_0];

    /// <summary>From the best to the smallest: a cache of bytes comes when no weights help.</summary>
    private static IEnumerable<(string Options, StorageType Weights, StorageType Cache)> Smaller(StorageType cache)
        => from smallerCache in new[] { cache, StorageType.I8 }.Distinct()
           from weights in SmallerWeights
           select ($"--weights {weights.ToString().ToLowerInvariant()}{(smallerCache == StorageType.I8 ? " --kv-cache int8" : "")}", weights, smallerCache);

    private long On(ComputeDevice device) => device.FreeMemory == null ? Minimum : OnAccelerator + KvCache;
}
