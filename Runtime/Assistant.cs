using System.Diagnostics;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Text.Prompts;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Formats;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime;

/// <summary>A model with its tokenizer and its preprocessing: files in, words out. The front door of the library.</summary>
public sealed class Assistant : IDisposable
{
    private readonly IFramePreprocessor pictures, clips;

    private Assistant(VideoLlava model, TextTokenizer tokenizer, PreprocessPreset? preset)
    {
        (Model, Tokenizer) = (model, tokenizer);
        VideoLlavaConfig config = model.Config;
        bool hf = config.Variant == ModelVariant.Hf;
        PreprocessPreset ofPictures = preset ?? (hf ? PreprocessPreset.Hf : config.PadPictures ? PreprocessPreset.OriginalImagePad
            : PreprocessPreset.OriginalImage);
        PreprocessPreset ofClips = preset ?? (hf ? PreprocessPreset.Hf : PreprocessPreset.OriginalVideo);
        pictures = Preprocessor(model.Device, ofPictures, config.ImageTower.ImageSize);
        clips = Preprocessor(model.Device, ofClips, config.VideoTower.ImageSize);
    }

    public VideoLlava Model { get; }
    public TextTokenizer Tokenizer { get; }

    /// <summary>Opens a checkpoint folder with its tokenizer.</summary>
    /// <param name="preset">Preprocessing of pictures and clips; null = the checkpoint's own.</param>
    /// <exception cref="BadInputException">The folder is not a complete checkpoint.</exception>
    public static Assistant Load(string folder, ComputeDevice device, PreprocessPreset? preset = null, LoadOptions? options = null,
        IProgress<double>? progress = null, CancellationToken cancel = default)
    {
        VideoLlava model = VideoLlava.Load(folder, device, options, progress, cancel);
        try
        {
            return new Assistant(model, TextTokenizer.Load(folder), preset);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Reads and preprocesses a picture or clip: of a clip, the frames that the checkpoint's reference would choose.</summary>
    /// <returns>Disposed by the caller, once it is encoded: on a GPU it is device memory.</returns>
    public PixelValues Look(string path, PictureOptions? pictureOptions = null, ClipOptions? clipOptions = null,
        CancellationToken cancel = default)
    {
        if (MediaFile.Detect(path) == MediaKind.Picture) return pictures.Picture(Pictures.Read(path, pictureOptions));
        using Clip clip = Clip.Open(path, clipOptions, cancel);
        int count = Model.Config.ClipFrames;
        int[] chosen = Model.Config.Variant == ModelVariant.Hf ? FrameSampler.ArangeHf(clip.FrameCount, count)
            : FrameSampler.Linspace(clip.FrameCount, count);
        return clips.Clip(clip.Read(chosen, cancel), count);
    }

    /// <summary>Preprocesses one frame of a clip, for any number of clips that <see cref="Join"/> makes.</summary>
    internal PixelValues Look(Frame frame) => clips.Clip([frame], 1);

    internal PixelValues Join(IReadOnlyList<PixelValues> frames) => clips.Join(frames);

    /// <summary>Encodes a picture or clip and waits for it, so that its time is known.
    /// <see cref="VideoLlava.Encode"/> does not wait: the language part does, on the device.</summary>
    /// <returns>The rows that stand for it in a prompt, and the time that the towers and the projector took.</returns>
    public (VisionTokens Tokens, TimeSpan Time) Encode(PixelValues pixels)
    {
        long started = Stopwatch.GetTimestamp();
        VisionTokens tokens = Model.Encode(pixels);
        try
        {
            Model.VisionQueue.Wait();
            tokens.Finished();
            return (tokens, Stopwatch.GetElapsedTime(started));
        }
        catch
        {
            tokens.Dispose();
            throw;
        }
    }

    /// <summary>A new dialogue; any number may be open at once, one of them answering at a time.</summary>
    public Conversation Start(PromptTemplate? template = null) => new(Model, Tokenizer, template);

    private static IFramePreprocessor Preprocessor(ComputeDevice device, PreprocessPreset preset, int size)
        => device.ResamplesFrames ? new DevicePreprocessor(device, preset, size) : new FramePreprocessor(preset, size);

    public void Dispose()
    {
        (pictures as IDisposable)?.Dispose();
        (clips as IDisposable)?.Dispose();
        Model.Dispose();
    }
}
