using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Language;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>Memory that a model takes, forecast before anything is loaded: the host's for the processor, else the device's.</summary>
/// <remarks>Exact, but for what equal towers share (<see cref="VideoLlava.SharedBytes"/>): only loading compares them.</remarks>
/// <param name="Mapped">Bytes read from the mapped files; they need memory to be fast, but the system may drop and read them again.</param>
/// <param name="Copied">Bytes that the CPU device allocates: joined, converted and trainable weights, float32 parameters, tables.</param>
/// <param name="KvCachePerPosition">Bytes of the KV cache for each position of a conversation, scales included.</param>
/// <param name="KvCache">Bytes of the KV cache at the full context.</param>
/// <param name="OnAccelerator">
/// Bytes of all weights and tables on an OpenCL or CUDA device, which keeps weights as stored (types without kernels there as F16).
/// </param>
internal sealed record MemoryNeed(long Mapped, long Copied, long KvCachePerPosition, long KvCache, long OnAccelerator)
{
    /// <summary>Must be free: copies, the cache at full context, half of what is mapped (else it would be read again and again).</summary>
    public long Minimum => Copied + KvCache + Mapped / 2;

    /// <param name="options">Converted weights are read once, then only their copies are used.</param>
    /// <param name="cache">Type of the KV cache.</param>
    public static MemoryNeed Of(
        Checkpoint checkpoint, VideoLlavaConfig config, LoadOptions? options = null, StorageType cache = StorageType.F32)
    {
        options ??= new LoadOptions();
        LlamaConfig language = config.Language;
        long table = (long)language.Context * language.HeadSize / 2; // cosines, and as many sines
        long mapped = 0, copied = 2 * CpuDevice.BufferBytes(StorageType.F32, table);
        long onAccelerator = 2 * IlgpuDevice.BufferBytes(StorageType.F32, table);
        foreach (ParameterSpec parameter in new ModelTensors(config).Loaded(options, checkpoint)
            .SelectMany(whole => checkpoint.Apart(whole, options)))
        {
            StorageType stored = checkpoint.TypeOf(parameter), type = options.TypeOf(parameter, stored);
            if (options.StaysMapped(parameter, stored)) mapped += type.Bytes(parameter.Elements);
            else if (options.IsRearranged(parameter, stored)) copied += PanelBuffer.Bytes(type, parameter.Rows, parameter.Columns);
            else copied += CpuDevice.BufferBytes(type, parameter.Elements);
            onAccelerator += parameter.IsWeight ? IlgpuDevice.WeightBytes(type, parameter.Rows, parameter.Columns)
                : IlgpuDevice.BufferBytes(type, parameter.Elements);
        }
        long perPosition = 2 * language.Layers * HeadRows.RowBytes(language.KeyValueHeads, language.HeadSize, cache);
        return new MemoryNeed(mapped, copied, perPosition, perPosition * language.Context, onAccelerator);
    }

    /// <summary>Whether the device has room for the model and one conversation of the full context; names options that would fit.</summary>
    /// <exception cref="DeviceFailedException">Less is free than the model needs.</exception>
    public static void Check(Checkpoint checkpoint, VideoLlavaConfig config, ComputeDevice device, LoadOptions options)
    {
        StorageType cache = options.CacheOn(device);
        options = options.On(device);
        long need = Of(checkpoint, config, options, cache).On(device);
        long free = options.AvailableMemory ?? device.FreeMemory ?? SystemMemory.Available();
        if (free >= need) return;
        string where = device.FreeMemory == null ? "of memory" : $"of memory on {device.Description.Split(',')[0]}";
        var fitting = Smaller(options, cache)
            .Select(smaller => (smaller.Settings, Need: Of(checkpoint, config, smaller.Options, smaller.Cache).On(device)))
            .FirstOrDefault(smaller => smaller.Need <= free);
        string what = $"the model needs about {need >> 20} MiB {where}, {free >> 20} MiB are free";
        if (fitting.Settings == null) throw new DeviceFailedException($"{what}; close other programs or take a smaller model");
        throw new DeviceFailedException(
            $"{what}; {string.Join(" with ", fitting.Settings.AsEnumerable())} would need about {fitting.Need >> 20} MiB")
        {
            Remedies = fitting.Settings,
        };
    }

    private static readonly StorageType[] SmallerWeights
        = [StorageType.F16, StorageType.Q8_0, StorageType.Q6_K, StorageType.Q5_0, StorageType.Q4_K, StorageType.Q4_0];

    /// <summary>From the best to the smallest: a cache of bytes comes when no weights help. None for a trainable language model.</summary>
    private static IEnumerable<(Setting[] Settings, LoadOptions Options, StorageType Cache)> Smaller(LoadOptions options, StorageType cache)
        => from smallerCache in new[] { cache, StorageType.I8 }.Distinct()
           from weights in options.Trains(ModelPart.Language) ? [] : SmallerWeights
           let settings = new[] { new Setting("LanguageWeights", weights.ToString().ToLowerInvariant()), new Setting("KvCache", "int8") }
           select (smallerCache == StorageType.I8 ? settings : settings[..1], options with { LanguageWeights = weights }, smallerCache);

    private long On(ComputeDevice device) => device.FreeMemory == null ? Minimum : OnAccelerator + KvCache;
}
