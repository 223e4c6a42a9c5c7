using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Vision;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Runtime.Text;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Vision;

/// <summary>Whole towers: the real picture size, the activation, and what temporal attention must do to equal frames.</summary>
public sealed class VisionTowerTests(ITestOutputHelper output)
{
    public static TheoryData<TestDevice> Devices => [.. TestDevices.ForModels];

    public static TheoryData<TestDevice, Activation, string> Activations
        => [.. from device in TestDevices.ForModels
               from variant in new[] { (Activation.Gelu, "gelu"), (Activation.QuickGelu, "quick_gelu") }
               select new TheoryDataRow<TestDevice, Activation, string>(device, variant.Item1, variant.Item2)];

    /// <summary>224 pixels, 257 positions, 8 frames.</summary>
    [Theory, DeviceRows(nameof(Devices))]
    public void The_real_picture_size_equals_the_reference(TestDevice device)
    {
        using SafeTensors golden = Golden.Tensors("original-tiny/geometry224/case.safetensors");
        using var folder = new ScratchFolder();
        folder.Copy(Golden.Path("original-tiny/geometry224/weights.safetensors"), "model.safetensors");
        using var parts = new LoadedParts(folder.Path, device);
        var config = new VisionConfig
        {
            Layers = 2,
            Hidden = 64,
            Heads = 1,
            FeedForward = 128,
            Patch = 14,
            Positions = 257,
            LayerNormEpsilon = 1e-5f,
            Activation = Activation.Gelu,
            TemporalFrames = 8,
            FeatureLayers = 1,
        };
        var stages = new RecordedStages(parts.Queue, output);
        var tower = new VisionTower(config, parts.Loader.Tower(new TowerTensors(ModelPart.VideoTower, config), allLayers: true));
        VisionFeatures features = tower.Encode(parts.Queue, Enlarged(golden["pixel_values_small"]), parts.Arena, stages.Trace);
        stages.Equal("video_features", golden["video_features"].ToFloats(), parts.Queue.Read(features.Rows), 1e-4);
        stages.Equal("last_hidden_state of frame 3", golden["last_hidden_state_frame3"].ToFloats(),
            stages["hidden_states.2"][(3 * 257 * 64)..(4 * 257 * 64)], 1e-4);
        features.Rows.Buffer.Dispose();
    }

    [Theory, DeviceRows(nameof(Activations))]
    public void The_activation_of_the_config_is_the_one_that_runs(TestDevice device, Activation activation, string suffix)
    {
        using SafeTensors golden = Golden.Tensors("hf-tiny/cases/gelu_variant.safetensors");
        using var parts = new LoadedParts(Golden.Path("hf-tiny/checkpoint"), device);
        VisionConfig config = parts.Config.ImageTower;
        Assert.Equal(Activation.QuickGelu, config.Activation);
        var stages = new RecordedStages(parts.Queue, output);
        var tower = new VisionTower(config with { Activation = activation },
            parts.Loader.Tower(new TowerTensors(ModelPart.ImageTower, config), allLayers: false));
        VisionFeatures features = tower.Encode(parts.Queue,
            new PixelValues(golden["pixel_values_images"].ToFloats(), 1, 56, IsClip: false), parts.Arena);
        MlpProjector projector = parts.Loader.Projector(parts.Tensors.Projector);
        ProjectorActivations activations = ProjectorActivations.Take(parts.Arena, projector, features.Rows.Rows);
        using VisionTokens projected = projector.Forward(parts.Queue, features, activations);
        stages.Equal($"selected, {suffix}", golden[$"image_features_selected_{suffix}"].ToFloats(), parts.Queue.Read(features.Rows), 2e-4);
        stages.Equal($"projected, {suffix}", golden[$"image_features_projected_{suffix}"].ToFloats(),
            parts.Queue.Read(projected.Rows), 2e-4);
        features.Dispose();
    }

    [Theory, DeviceRows(nameof(Devices))]
    public void Equal_frames_without_temporal_embedding_stay_equal(TestDevice device)
    {
        using var parts = new LoadedParts(Golden.Path("original-tiny/checkpoint"), device);
        VisionConfig config = parts.Config.VideoTower;
        float[] rows = Encode(parts, config, WithoutEmbedding(parts, config), Clip(config, equalFrames: true));
        int frame = config.Positions * config.Hidden;
        for (int f = 1; f < config.TemporalFrames; f++) Assert.Equal(rows[..frame], rows[(f * frame)..((f + 1) * frame)]);
        float[] embedded = Encode(parts, config, parts.Loader.Tower(new TowerTensors(ModelPart.VideoTower, config), allLayers: false),
            Clip(config, equalFrames: true));
        Assert.NotEqual(embedded[..frame], embedded[frame..(2 * frame)]);
    }

    [Theory, DeviceRows(nameof(Devices))]
    public unsafe void Temporal_attention_with_zero_output_changes_nothing(TestDevice device)
    {
        using var parts = new LoadedParts(Golden.Path("original-tiny/checkpoint"), device);
        VisionConfig config = parts.Config.VideoTower;
        VisionTowerWeights weights = WithoutEmbedding(parts, config);
        nint zeros = (nint)NativeMemory.AllocZeroed((nuint)(config.Hidden * config.Hidden * sizeof(float)));
        Weight silent = parts.Device.LoadWeight("zeros", StorageType.F32, config.Hidden, new HostRows(zeros, config.Hidden));
        Matrix noBias = parts.Matrix(new float[config.Hidden], 1, config.Hidden);
        PixelValues clip = Clip(config, equalFrames: false);
        float[] with = Encode(parts, config, Blocks(weights, block
            => block with { Temporal = block.Temporal! with { Out = silent, OutBias = noBias } }), clip);
        float[] without = Encode(parts, config with { TemporalFrames = 0 },
            Blocks(weights, block => block with { Temporal = null, TemporalEmbedding = null }), clip);
        float[] lively = Encode(parts, config, weights, clip);
        Assert.Equal(without, with);
        Assert.NotEqual(without, lively);
        silent.Dispose();
        NativeMemory.Free((void*)zeros);
    }

    [Fact]
    public void Frames_that_make_no_whole_clip_are_refused()
    {
        using var parts = new LoadedParts(Golden.Path("original-tiny/checkpoint"), TestDevice.Cpu);
        VisionConfig config = parts.Config.VideoTower;
        var tower = new VisionTower(config, parts.Loader.Tower(new TowerTensors(ModelPart.VideoTower, config), allLayers: false));
        var five = new PixelValues(new float[5 * 3 * 56 * 56], 5, 56, IsClip: true);
        Assert.Contains("multiple of 8", Assert.Throws<BadInputException>(() => tower.Encode(parts.Queue, five, parts.Arena)).Message);
    }

    private static VisionTowerWeights Blocks(VisionTowerWeights weights, Func<VisionBlockWeights, VisionBlockWeights> change)
        => weights with { Blocks = [.. weights.Blocks.Select(change)] };

    private static VisionTowerWeights WithoutEmbedding(LoadedParts parts, VisionConfig config)
    {
        Matrix zero = parts.Matrix(new float[config.TemporalFrames * config.Hidden], config.TemporalFrames, config.Hidden);
        return Blocks(parts.Loader.Tower(new TowerTensors(ModelPart.VideoTower, config), allLayers: false), block
            => block with { TemporalEmbedding = zero });
    }

    private static float[] Encode(LoadedParts parts, VisionConfig config, VisionTowerWeights weights, PixelValues clip)
    {
        VisionFeatures features = new VisionTower(config, weights).Encode(parts.Queue, clip, parts.Arena);
        float[] rows = parts.Queue.Read(features.Rows);
        features.Rows.Buffer.Dispose();
        return rows;
    }

    private static PixelValues Clip(VisionConfig config, bool equalFrames)
    {
        var random = new Random(3);
        int frames = config.TemporalFrames, frame = 3 * config.ImageSize * config.ImageSize;
        var values = new float[frames * frame];
        for (int i = 0; i < values.Length; i++) values[i] = equalFrames && i >= frame ? values[i - frame] : 4 * random.NextSingle() - 2;
        return new PixelValues(values, frames, config.ImageSize, IsClip: true);
    }

    /// <summary>(3, 8, 28, 28) to (8, 3, 224, 224), every pixel eight times a side.</summary>
    private static PixelValues Enlarged(HostTensor small)
    {
        float[] source = small.ToFloats();
        var values = new float[8 * 3 * 224 * 224];
        for (int i = 0; i < values.Length; i++)
        {
            int x = i % 224, y = i / 224 % 224, channel = i / (224 * 224) % 3, frame = i / (3 * 224 * 224);
            values[i] = source[((channel * 8 + frame) * 28 + y / 8) * 28 + x / 8];
        }
        return new PixelValues(values, 8, 224, IsClip: true);
    }
}
