using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Vision;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Runtime;

/// <summary>What a loaded model owns: the mapped checkpoint, stages with weights, a queue and scratch for seeing and answering.</summary>
internal sealed class ModelParts : IDisposable
{
    private readonly Checkpoint checkpoint;
    private readonly List<IDisposable> owned = [];
    private readonly VisionTower? imageTower, videoTower;
    private readonly MlpProjector? projector;

    public VideoLlavaConfig Config { get; }
    public ComputeDevice Device { get; }
    public ComputeQueue VisionQueue { get; }
    public ComputeQueue LanguageQueue { get; }
    public Arena VisionArena { get; }
    public Arena LanguageArena { get; }
    public LlamaBatch Batch { get; }

    /// <inheritdoc cref="VideoLlavaConfig.ImageTower"/>
    public VisionTower ImageTower => imageTower ?? throw Config.Blind(isClip: false);

    /// <inheritdoc cref="VideoLlavaConfig.VideoTower"/>
    public VisionTower VideoTower => videoTower ?? throw Config.Blind(isClip: true);

    /// <inheritdoc cref="VideoLlavaConfig.ImageTower"/>
    public MlpProjector Projector => projector ?? throw Config.Blind(isClip: false);

    public Llama Language { get; }
    public long SharedBytes { get; }

    /// <param name="progress">Told how much of the weights is loaded, 0 to 1.</param>
    public static ModelParts Load(
        string folder, ComputeDevice device, LoadOptions options, IProgress<double>? progress, CancellationToken cancel)
    {
        var checkpoint = new Checkpoint(folder);
        try
        {
            VideoLlavaConfig config = ConfigReader.Read(checkpoint);
            new ModelTensors(config).Check(checkpoint);
            return Load(checkpoint, config, device, options, progress, cancel);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>The checkpoint becomes the model's own, also when loading fails.</summary>
    public static ModelParts Load(Checkpoint checkpoint, VideoLlavaConfig config, ComputeDevice device, LoadOptions options,
        IProgress<double>? progress, CancellationToken cancel)
    {
        try
        {
            options.Validate();
            options = options.On(device);
            MemoryNeed.Check(checkpoint, config, device, options);
            return new ModelParts(checkpoint, config, device, options, progress, cancel);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    private ModelParts(Checkpoint checkpoint, VideoLlavaConfig config, ComputeDevice device, LoadOptions options,
        IProgress<double>? progress, CancellationToken cancel)
    {
        (this.checkpoint, Config, Device) = (checkpoint, config, device);
        (VisionQueue, LanguageQueue) = (device.CreateQueue(), device.CreateQueue());
        (VisionArena, LanguageArena, Batch) = (new Arena(device), new Arena(device), new LlamaBatch(device));
        owned.AddRange([VisionArena, LanguageArena, Batch, VisionQueue, LanguageQueue]);
        var tensors = new ModelTensors(config);
        long done = 0, total = tensors.Loaded(options, checkpoint)
            .SelectMany(parameter => parameter.Tensors).Sum(tensor => checkpoint.Tensors[tensor.Name].Bytes);
        var loader = new WeightLoader(checkpoint, device, LanguageQueue, options, cancel)
        {
            Loaded = bytes => progress?.Report((double)(done += bytes) / total),
        };
        try
        {
            if (config.SeesPictures)
            {
                imageTower = new VisionTower(config.ImageTower, loader.Tower(tensors.ImageTower, options.AllVisionLayers));
                projector = loader.Projector(tensors.Projector);
            }
            if (config.SeesClips)
                videoTower = new VisionTower(config.VideoTower, loader.Tower(tensors.VideoTower, options.AllVisionLayers));
            Language = new Llama(config.Language, loader.Language(tensors.Language), options.CacheOn(device));
            SharedBytes = loader.SharedBytes;
            loader.Complete();
            Config = config with { Notices = [.. config.Notices, .. loader.Notices] };
            owned.InsertRange(0, loader.Owned);
            LanguageQueue.Wait(); // it uploaded the norms and biases that the other queue uses too
            Rehearsal.Run(this);
        }
        catch
        {
            foreach (IDisposable part in loader.Owned.Concat(owned)) part.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (IDisposable part in owned) part.Dispose();
        checkpoint.Dispose();
    }
}
