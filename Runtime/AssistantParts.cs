using System.Collections.Concurrent;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Text;

namespace EdgeVideoLlava.Runtime;

/// <summary>What an assistant owns. Rooted while it is open: the finalizer of a forgotten assistant finds it whole.</summary>
internal sealed class AssistantParts : IDisposable
{
    private static readonly ConcurrentDictionary<AssistantParts, bool> Open = new();

    private readonly ComputeDevice? owned;
    private readonly IFramePreprocessor? pictures, clips;

    /// <param name="preset">Preprocessing of pictures and clips; null = the checkpoint's own.</param>
    /// <param name="owned">The device, where it ends with the assistant.</param>
    public AssistantParts(VideoLlava model, TextTokenizer tokenizer, PreprocessPreset? preset, ComputeDevice? owned)
    {
        (Model, Tokenizer, this.owned) = (model, tokenizer, owned);
        VideoLlavaConfig config = model.Config;
        bool hf = config.Variant == ModelVariant.Hf;
        PreprocessPreset ofPictures = preset ?? (hf ? PreprocessPreset.Hf : config.PadPictures ? PreprocessPreset.OriginalImagePad
            : PreprocessPreset.OriginalImage);
        PreprocessPreset ofClips = preset ?? (hf ? PreprocessPreset.Hf : PreprocessPreset.OriginalVideo);
        if (config.SeesPictures) pictures = Preprocessor(model.Device, ofPictures, config.ImageTower.ImageSize);
        if (config.SeesClips) clips = Preprocessor(model.Device, ofClips, config.VideoTower.ImageSize);
        Open.TryAdd(this, true);
    }

    public VideoLlava Model { get; }
    public TextTokenizer Tokenizer { get; }

    /// <inheritdoc cref="VideoLlavaConfig.ImageTower"/>
    public IFramePreprocessor Pictures => pictures ?? throw Model.Config.Blind(isClip: false);

    /// <inheritdoc cref="VideoLlavaConfig.VideoTower"/>
    public IFramePreprocessor Clips => clips ?? throw Model.Config.Blind(isClip: true);

    /// <summary>Held by the one thread that gives work to the towers.</summary>
    public SemaphoreSlim Seeing { get; } = new(1);

    public void Dispose()
    {
        (pictures as IDisposable)?.Dispose();
        (clips as IDisposable)?.Dispose();
        Model.Dispose();
        owned?.Dispose();
        Open.TryRemove(this, out _);
    }

    /// <summary>Preprocessing of clips as the checkpoint's reference does it; the caller's to dispose.</summary>
    public static IFramePreprocessor ClipPreprocessor(VideoLlava model) => Preprocessor(model.Device,
        model.Config.Variant == ModelVariant.Hf ? PreprocessPreset.Hf : PreprocessPreset.OriginalVideo, model.Config.VideoTower.ImageSize);

    private static IFramePreprocessor Preprocessor(ComputeDevice device, PreprocessPreset preset, int size)
        => device.ResamplesFrames ? new DevicePreprocessor(device, preset, size) : new FramePreprocessor(preset, size);
}
