using System.Globalization;
using EdgeVideoLlava.Edge.Options;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Discovery;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Preprocess;

namespace EdgeVideoLlava.Edge;

/// <summary>The device and the model of one command, opened and closed together.</summary>
internal sealed class ModelSession : IDisposable
{
    private readonly ModelSettings settings;
    private readonly Assistant? assistant;
    private string choice = ""; // why "auto" took this device

    private ModelSession(ModelSettings settings, ComputeDevice device, VideoLlava model, Assistant? assistant)
        => (this.settings, Device, Model, this.assistant) = (settings, device, model, assistant);

    public ComputeDevice Device { get; }
    public VideoLlava Model { get; }

    /// <summary>The model with its tokenizer; not after <see cref="OpenModel"/>.</summary>
    public Assistant Assistant => assistant ?? throw new InvalidOperationException("this session was opened without a tokenizer");

    /// <summary>Opens a checkpoint folder with its tokenizer.</summary>
    public static ModelSession Open(ModelSettings settings, CancellationToken cancel, PreprocessPreset? preset = null,
        LoadOptions? options = null) => Open(settings, device =>
    {
        using LoadProgress progress = LoadProgress.OnTerminal();
        Assistant assistant = Assistant.Load(settings.Folder, device, preset, With(settings, options), progress, cancel);
        return new ModelSession(settings, device, assistant.Model, assistant);
    });

    /// <summary>Opens the model alone, for what needs no words.</summary>
    public static ModelSession OpenModel(ModelSettings settings, CancellationToken cancel, LoadOptions? options = null)
        => Open(settings, device =>
    {
        using LoadProgress progress = LoadProgress.OnTerminal();
        VideoLlava model = VideoLlava.Load(settings.Folder, device, With(settings, options), progress, cancel);
        return new ModelSession(settings, device, model, null);
    });

    /// <summary>Opens random weights of a config's shapes, for measuring.</summary>
    public static ModelSession OpenSynthetic(ModelSettings settings, VideoLlavaConfig config, StorageType type, CancellationToken cancel)
        => Open(settings, device => new ModelSession(settings, device,
            VideoLlava.Synthetic(config, type, device, With(settings, null), cancel), null));

    /// <summary>Which device, which model; with --verbose why, and by which rules. Said once the inputs are known to be good.</summary>
    public void Announce()
    {
        Notices.Say(StartLine.Of(Device.Label, settings.ModelName));
        if (settings.Verbose)
        {
            Notices.Say(choice.Length == 0 ? Device.Description : $"{Device.Description} (auto: {choice})");
            string cache = settings.KvCache == StorageType.I8 ? "; KV cache int8" : "";
            Notices.Say($"model {settings.Folder} ({Model.Config.Variant.ToString().ToLowerInvariant()}){cache}");
            if (assistant != null) Notices.Say($"tokens: {assistant.Tokenizer.ModeDescription}");
        }
        foreach (string notice in Model.Config.Notices) Notices.Say(notice);
    }

    /// <summary>The options of the command line: the types of weights and KV cache, and EDGE_MEMORY_LIMIT (MiB) in
    /// place of the memory that is free.</summary>
    private static LoadOptions With(ModelSettings settings, LoadOptions? options)
    {
        LoadOptions load = (options ?? new LoadOptions()) with
        {
            LanguageWeights = settings.Weights,
            TowerWeights = settings.EncoderWeights,
            KvCache = settings.KvCache,
        };
        return MemoryLimit() is { } limit ? load with { AvailableMemory = limit } : load;
    }

    /// <summary>EDGE_MEMORY_LIMIT in bytes; null where it is not set.</summary>
    public static long? MemoryLimit()
    {
        if (Environment.GetEnvironmentVariable("EDGE_MEMORY_LIMIT") is not { Length: > 0 } text) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long mebibytes) && mebibytes <= long.MaxValue >> 20
            ? mebibytes << 20
            : throw new BadInputException($"EDGE_MEMORY_LIMIT is '{text}'; a whole number of MiB is wanted");
    }

    private static ModelSession Open(ModelSettings settings, Func<ComputeDevice, ModelSession> load)
    {
        ComputeDevice device = ComputeDevices.Open(settings.Device,
            new DeviceOptions(settings.Threads ?? 0, settings.Compute, settings.Kernels,
                settings.DeepTiles)
            { TimesLaunches = settings.TimesLaunches, IsExact = settings.Exact }, out string choice);
        try
        {
            ModelSession session = load(device);
            session.choice = choice;
            return session;
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Model.Dispose();
        Device.Dispose();
    }
}
