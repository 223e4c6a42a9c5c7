using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Vision;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Weights;

/// <summary>Parameters to be trained: float32, in memory of their own, which may be written.</summary>
public sealed unsafe class TrainableTests : IDisposable
{
    private const string Tiny = "original-tiny/checkpoint";

    private static readonly string Shapes = Path.Combine(Golden.Repository, "Samples/ShapesWorld/model");

    private readonly CpuDevice device = new(1);

    public void Dispose() => device.Dispose();

    [Fact]
    public void Loaded_trainable_the_logits_are_those_of_a_float32_checkpoint()
    {
        using DoctoredCheckpoint stored = new(Golden.Path(Tiny)), floats = new DoctoredCheckpoint(Golden.Path(Tiny)).Tensors(_ => { });
        using TinyModel trainable = new(stored.Path, new LoadOptions(Trainable: ModelPart.All));
        using TinyModel expected = new(floats.Path), halves = new(stored.Path);
        Assert.Equal(Logits(expected), Logits(trainable));
        Assert.Equal(StorageType.BF16, halves.Model.Language.Weights.Head.Type);

        static float[] Logits(TinyModel tiny)
        {
            using VisionTokens picture = tiny.See("image_a"), clip = tiny.See("video_a");
            int[] ids = [1, MergedPrompt.VisualMarker, 300, .. Enumerable.Repeat(MergedPrompt.VisualMarker, clip.Blocks), 301];
            return tiny.Fresh(tiny.Prompt(ids, picture, clip));
        }
    }

    [Theory, InlineData(ModelPart.ImageTower), InlineData(ModelPart.VideoTower), InlineData(ModelPart.All)]
    internal void A_tower_that_is_trained_shares_nothing_with_its_equal(ModelPart trainable)
    {
        Towers((image, video) =>
        {
            Assert.Same(image.Blocks[0].Spatial.Qkv, video.Blocks[0].Spatial.Qkv);
            Assert.Same(image.Blocks[0].NormBias.Buffer, video.Blocks[0].NormBias.Buffer);
        }, ModelPart.Language);
        Towers((image, video) =>
        {
            VisionTowerWeights written = trainable == ModelPart.VideoTower ? video : image, other = written == image ? video : image;
            byte[] before = Bytes(other.Blocks[0].Spatial.Qkv).ToArray();
            foreach (Weight weight in Linears(written)) Numbers(weight).Fill(7);
            Assert.Equal(7, Numbers(written.Blocks[0].Spatial.Qkv)[0]);
            Assert.Equal(before, Bytes(other.Blocks[0].Spatial.Qkv));
            Assert.All(Linears(other), weight => Assert.DoesNotContain(weight, Linears(written)));
            Assert.All(image.Blocks.Zip(video.Blocks), pair => Assert.NotSame(pair.First.NormBias.Buffer, pair.Second.NormBias.Buffer));
        }, trainable);
    }

    [Fact]
    public void A_tied_head_that_is_trained_is_the_embedding()
    {
        using DoctoredCheckpoint tied = new DoctoredCheckpoint(Golden.Path(Tiny))
            .Tensors(tensors => tensors.Remove("lm_head.weight")).Config(config => config["tie_word_embeddings"] = true);
        using TinyModel shared = new(tied.Path), own = new(tied.Path, new LoadOptions(Trainable: ModelPart.Language));
        LlamaWeights weights = own.Model.Language.Weights;
        Assert.Same(shared.Model.Language.Weights.Embedding, shared.Model.Language.Weights.Head);
        int[] ids = own.Text(12);
        Assert.Equal(shared.Fresh(shared.Prompt(ids)), own.Fresh(own.Prompt(ids)));
        Numbers(weights.Embedding).Fill(7);
        Assert.Equal(7, Numbers(weights.Head)[5]);
    }

    /// <summary>Only what is trained is float32 of its own: the rest stays in the file.</summary>
    [Fact]
    public void A_part_can_be_trained_alone()
    {
        using TinyModel tiny = new(Golden.Path(Tiny), new LoadOptions(Trainable: ModelPart.Projector));
        Assert.Equal((StorageType.F32, StorageType.F32, StorageType.BF16),
            (tiny.Model.Projector.First.Type, tiny.Model.Projector.Second.Type, tiny.Model.Language.Weights.Embedding.Type));
        Numbers(tiny.Model.Projector.First).Clear(); // mapped memory could not be written
        VideoLlava Load(ModelPart trainable)
            => VideoLlava.Load(Golden.Path(Tiny), device, new LoadOptions(LanguageWeights: StorageType.Q4_0, Trainable: trainable));
        Assert.Throws<ArgumentException>(() => Load(ModelPart.Language));
        using VideoLlava both = Load(ModelPart.Projector);
        Assert.Equal((StorageType.F32, StorageType.Q4_0), (both.Projector.First.Type, both.Language.Weights.Blocks[0].Down.Type));
    }

    private void Towers(Action<VisionTowerWeights, VisionTowerWeights> test, ModelPart trainable)
    {
        using var checkpoint = new Checkpoint(Shapes);
        using ComputeQueue queue = device.CreateQueue();
        var tensors = new ModelTensors(ConfigReader.Read(checkpoint));
        var loader = new WeightLoader(checkpoint, device, queue, new LoadOptions(Trainable: trainable), default);
        test(loader.Tower(tensors.ImageTower, allLayers: true), loader.Tower(tensors.VideoTower, allLayers: true));
        foreach (IDisposable part in loader.Owned) part.Dispose();
        Assert.Equal(0, device.AllocatedBytes);
    }

    private static IEnumerable<Weight> Linears(VisionTowerWeights tower)
        => tower.Blocks.SelectMany(block => new[] { block.Spatial.Qkv, block.Spatial.Out, block.Fc1, block.Fc2 }).Append(tower.Patch);

    /// <summary>The memory of a weight, which is float32.</summary>
    private static Span<float> Numbers(Weight weight)
    {
        Assert.Equal(StorageType.F32, weight.Type);
        return MemoryMarshal.Cast<byte, float>(Bytes(weight));
    }

    private static Span<byte> Bytes(Weight weight)
        => new((void*)((CpuBuffer)weight.Buffer).Address, (int)weight.Type.Bytes((long)weight.Rows * weight.Columns));
}
