using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime;

/// <summary>Files in, pixel values out: the checkpoint's layout says which frames of a clip are seen, and in whose arithmetic.</summary>
public sealed class AssistantTests : IDisposable
{
    private const int Width = 90, Height = 64, Frames = 21;

    private readonly CpuDevice device = new(1);
    private readonly TemporaryFolder folder = new();

    public void Dispose()
    {
        device.Dispose();
        folder.Dispose();
    }

    public static TheoryData<string, PreprocessPreset, int[]> Clips => new()
    {
        { "hf-tiny", PreprocessPreset.Hf, [.. Enumerable.Range(0, 8).Select(i => i * Frames / 8)] },
        { "original-tiny", PreprocessPreset.OriginalVideo, [.. Enumerable.Range(0, 8).Select(i => i * (Frames - 1) / 7)] },
    };

    [Theory, MemberData(nameof(Clips))]
    public void A_clip_is_seen_by_its_layouts_frames_and_preset(string flavour, PreprocessPreset preset, int[] frames)
    {
        using Assistant assistant = Load($"{flavour}/checkpoint");
        string path = folder.File("clip.y4m", Y4m());
        using Clip clip = Clip.Open(path, cancellation: TestContext.Current.CancellationToken);
        PixelValues seen = assistant.Look(path, cancel: TestContext.Current.CancellationToken);
        Assert.True(seen.IsClip);
        Assert.Equal(8, seen.Frames);
        var preprocessor = new FramePreprocessor(preset, assistant.Model.Config.VideoTower.ImageSize);
        List<Frame> chosen = [.. clip.Read(frames, TestContext.Current.CancellationToken)];
        Assert.Equal(preprocessor.Clip(chosen, 8).Values, seen.Values);
        Assert.Equal(preprocessor.Clip([chosen[3]], 1).Values, assistant.Look(chosen[3]).Values); // as a window's frame
    }

    [Fact]
    public void A_checkpoint_whose_clips_have_four_frames_answers_about_them()
    {
        using DoctoredCheckpoint copy = new DoctoredCheckpoint(Golden.Path("original-tiny/checkpoint")).Tensors(tensors =>
        {
            foreach (string name in tensors.Keys.Where(name => name.EndsWith("temporal_embedding")).ToArray())
                tensors[name] = ([1, 4, tensors[name].Shape[2]], tensors[name].Values[..(tensors[name].Values.Length / 2)]);
        });
        using Assistant assistant = Load(copy.Path);
        using PixelValues seen = assistant.Look(folder.File("clip.y4m", Y4m()), cancel: TestContext.Current.CancellationToken);
        using Conversation blind = assistant.Start(), conversation = assistant.Start();
        conversation.Show(assistant.Encode(seen, TestContext.Current.CancellationToken).Tokens);
        var brief = new GenerationOptions { MaxTokens = 2 };
        int words = blind.Ask("What?", brief).PromptPositions, all = conversation.Ask("What?", brief).PromptPositions;
        Assert.Equal(4, seen.Frames);
        Assert.InRange(all - words, 4 * assistant.Config.VideoTower.Positions, 4 * assistant.Config.VideoTower.Positions + 4); // a newline
    }

    [Theory]
    [InlineData("hf-tiny", null, PreprocessPreset.Hf)]
    [InlineData("original-tiny", "square", PreprocessPreset.OriginalImage)]
    [InlineData("original-tiny", "pad", PreprocessPreset.OriginalImagePad)]
    public void A_picture_is_seen_by_its_layouts_preset(string flavour, string? aspect, PreprocessPreset preset)
    {
        using DoctoredCheckpoint copy = new DoctoredCheckpoint(Golden.Path($"{flavour}/checkpoint")).Config(config =>
        {
            if (aspect != null) config["image_aspect_ratio"] = aspect;
        });
        using Assistant assistant = Load(copy.Path);
        string path = folder.File("picture.bmp", Bitmap.Of(Width, Height));
        PixelValues seen = assistant.Look(path, cancel: TestContext.Current.CancellationToken);
        Assert.False(seen.IsClip);
        var preprocessor = new FramePreprocessor(preset, assistant.Model.Config.ImageTower.ImageSize);
        Assert.Equal(preprocessor.Picture(Pictures.Read(path)).Values, seen.Values);
    }

    [Fact]
    public void A_preset_that_is_asked_for_serves_pictures_and_clips()
    {
        using Assistant assistant = Assistant.Load(Golden.Path("hf-tiny/checkpoint"), device, PreprocessPreset.OriginalVideo);
        var preprocessor = new FramePreprocessor(PreprocessPreset.OriginalVideo, assistant.Model.Config.ImageTower.ImageSize);
        string picture = folder.File("picture.bmp", Bitmap.Of(Width, Height));
        Frame frame = Pictures.Read(picture);
        Assert.Equal(preprocessor.Picture(frame).Values, assistant.Look(picture).Values);
        Assert.Equal(preprocessor.Clip([frame], 1).Values, assistant.Look(frame).Values);
    }

    private Assistant Load(string checkpoint) => Assistant.Load(Golden.Path(checkpoint), device);

    /// <summary>Gray noise, other in every frame.</summary>
    private static byte[] Y4m()
    {
        var random = new Random(3);
        var luma = new byte[Width * Height];
        var file = new List<byte>([.. "YUV4MPEG2 W90 H64 F10:1 Cmono\n"u8]);
        for (int i = 0; i < Frames; i++)
        {
            random.NextBytes(luma);
            file.AddRange([.. "FRAME\n"u8, .. luma]);
        }
        return [.. file];
    }
}
