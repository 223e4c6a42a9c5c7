using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime.Vision;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Vision;

/// <summary>The inside of one layer of each tower against the reference.</summary>
public sealed class VisionBlockTests(ITestOutputHelper output)
{
    private const double Tolerance = 2e-5; // the goldens' README: stages inside a layer

    public static TheoryData<TestDevice> Devices => [.. TestDevices.ForModels];

    [Theory, MemberData(nameof(Devices))]
    public void Spatial_attention_and_feed_forward_of_a_picture_equal_the_reference(TestDevice device)
    {
        using SafeTensors golden = Golden.Tensors("original-tiny/cases/inner_vision_layer.safetensors");
        RecordedStages stages = Run(device, golden, "image_tower");
        CheckSpatial(stages, golden);
    }

    [Theory, MemberData(nameof(Devices))]
    public void Temporal_attention_of_a_clip_equals_the_reference(TestDevice device)
    {
        using SafeTensors golden = Golden.Tensors("original-tiny/cases/inner_temporal_layer.safetensors");
        RecordedStages stages = Run(device, golden, "video_tower");
        // The reference lays these as (position, frame, column).
        void Temporal(string expected, float[] got)
            => stages.Equal(expected, RecordedStages.SwapFirstAxes(golden[expected]), got, Tolerance);
        Temporal("temporal.after_embedding_add", stages["temporal.input"]);
        Temporal("temporal.after_layer_norm1", stages["temporal.norm"]);
        Temporal("temporal.q_proj", stages.Columns("temporal.qkv", 0, 128));
        Temporal("temporal.k_proj", stages.Columns("temporal.qkv", 128, 128));
        Temporal("temporal.v_proj", stages.Columns("temporal.qkv", 256, 128));
        Temporal("temporal.context", stages["temporal.context"]);
        stages.Equal("spatial.input", golden["spatial.input"].ToFloats(), stages["temporal.output"], Tolerance);
        CheckSpatial(stages, golden);
    }

    private static void CheckSpatial(RecordedStages stages, SafeTensors golden)
    {
        void Equal(string expected, float[] got) => stages.Equal(expected, golden[expected].ToFloats(), got, Tolerance);
        Equal("spatial.input", stages["spatial.input"]);
        Equal("spatial.after_layer_norm1", stages["spatial.norm"]);
        Equal("spatial.q_proj", stages.Columns("spatial.qkv", 0, 128));
        Equal("spatial.k_proj", stages.Columns("spatial.qkv", 128, 128));
        Equal("spatial.v_proj", stages.Columns("spatial.qkv", 256, 128));
        Equal("spatial.context", stages["spatial.context"]);
        Equal("mlp.input", stages["spatial.output"]);
        Equal("mlp.after_layer_norm2", stages["mlp.norm"]);
        Equal("mlp.activated", stages["mlp.activated"]);
        Equal("output", stages["mlp.output"]);
    }

    /// <summary>Layer 1 of a tower, from the golden input.</summary>
    private RecordedStages Run(TestDevice device, SafeTensors golden, string tower)
    {
        using var parts = new LoadedParts(Golden.Path("original-tiny/checkpoint"), device);
        VisionConfig config = tower == "image_tower" ? parts.Config.ImageTower : parts.Config.VideoTower;
        VisionTowerWeights weights = parts.Loader.Tower(tower == "image_tower" ? parts.Tensors.ImageTower
            : parts.Tensors.VideoTower, allLayers: true);
        float[] input = golden["input"].ToFloats();
        int rows = input.Length / config.Hidden;
        Matrix x = parts.Matrix(input, rows, config.Hidden), y = parts.Matrix(new float[input.Length], rows, config.Hidden);
        var stages = new RecordedStages(parts.Queue, output);
        VisionBlock.Forward(parts.Queue, config, weights.Blocks[1], x, VisionActivations.Take(parts.Arena, config, rows), y, stages.Trace);
        return stages;
    }
}
