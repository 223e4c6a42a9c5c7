using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Vision;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;
using EdgeVideoLlava.Tests.Unit.Trainer;

namespace EdgeVideoLlava.Tests.Unit.Runtime;

/// <summary>Weights as a trainer has them: float32 in writable memory of their own, the head's apart from the embedding's.</summary>
public sealed class WritableWeightsTests : IDisposable
{
    private readonly LoadedParts parts = new(Golden.Path("training/model"), TestDevice.Cpu);
    private readonly List<IDisposable> owned = [];

    [Fact]
    public void A_tied_head_with_memory_of_its_own_is_trained_apart_from_the_embedding()
    {
        LlamaWeights mapped = parts.Loader.Language(parts.Tensors.Language);
        mapped = mapped with { Head = mapped.Embedding };
        LlamaWeights copied = mapped with
        {
            Embedding = Copy(mapped.Embedding),
            Head = Copy(mapped.Head),
            Blocks = [.. mapped.Blocks.Select(block => block with
            {
                Qkv = Copy(block.Qkv),
                Out = Copy(block.Out),
                GateUp = Copy(block.GateUp),
                Down = Copy(block.Down),
            })],
        };
        float[] before = Logits(copied);
        Assert.Equal(Logits(mapped), before);
        foreach (Weight weight in new[] { copied.Head, copied.Blocks[1].Down, copied.Blocks[0].GateUp, copied.Embedding })
        {
            Doubled(weight, () => Assert.NotEqual(before, Logits(copied)));
            Assert.Equal(before, Logits(copied));
        }
        Doubled(copied.Head, () => Assert.Equal(before.Select(logit => 2 * logit), Logits(copied)));
    }

    [Theory, InlineData("image_tower"), InlineData("video_tower")]
    public void A_tower_and_the_projector_follow_their_own_weights(string name)
    {
        VisionConfig config = name == "image_tower" ? parts.Config.ImageTower : parts.Config.VideoTower;
        VisionTowerWeights mapped = parts.Loader.Tower(new TowerTensors(name == "image_tower" ? ModelPart.ImageTower
            : ModelPart.VideoTower, config), allLayers: false);
        VisionAttentionWeights Attention(VisionAttentionWeights weights)
            => weights with { Qkv = Copy(weights.Qkv), Out = Copy(weights.Out) };
        VisionTowerWeights copied = mapped with
        {
            Patch = Copy(mapped.Patch),
            Blocks = [.. mapped.Blocks.Select(block => block with
            {
                Temporal = block.Temporal == null ? null : Attention(block.Temporal),
                Spatial = Attention(block.Spatial),
                Fc1 = Copy(block.Fc1),
                Fc2 = Copy(block.Fc2),
            })],
        };
        MlpProjector projector = parts.Loader.Projector(parts.Tensors.Projector);
        MlpProjector trained = projector with { First = Copy(projector.First), Second = Copy(projector.Second) };
        float[] before = Tokens(config, copied, trained);
        Assert.Equal(Tokens(config, mapped, projector), before);
        List<Weight> weights = [copied.Patch, copied.Blocks[0].Spatial.Qkv, copied.Blocks[1].Fc1, trained.First, trained.Second];
        if (copied.Blocks[0].Temporal is { } temporal) weights.Add(temporal.Out);
        foreach (Weight weight in weights) Doubled(weight, () => Assert.NotEqual(before, Tokens(config, copied, trained)));
        Assert.Equal(before, Tokens(config, copied, trained));
    }

    public void Dispose()
    {
        foreach (IDisposable weight in owned) weight.Dispose();
        parts.Dispose();
    }

    private Weight Copy(Weight weight)
    {
        Assert.Equal(StorageType.F32, weight.Type);
        Weight copy = parts.Device.AllocateWeight(weight.Name, StorageType.F32, weight.Rows, weight.Columns);
        owned.Add(copy);
        parts.Queue.Write(MemoryMarshal.AsBytes<float>(Numbers(weight)), copy.Buffer);
        return copy;
    }

    private static unsafe float[] Numbers(Weight weight) => new ReadOnlySpan<float>(weight.Cpu(), weight.Rows * weight.Columns).ToArray();

    /// <summary>A weight written in place, and back again.</summary>
    private void Doubled(Weight weight, Action test)
    {
        float[] numbers = Numbers(weight);
        parts.Queue.Write(MemoryMarshal.AsBytes<float>([.. numbers.Select(number => 2 * number)]), weight.Buffer);
        test();
        parts.Queue.Write(MemoryMarshal.AsBytes<float>(numbers), weight.Buffer);
    }

    private float[] Logits(LlamaWeights weights)
    {
        const int rows = 9;
        LlamaConfig config = parts.Config.Language;
        var model = new Llama(config, weights, StorageType.F32);
        using LlamaState state = model.CreateState(parts.Device);
        using var batch = new LlamaBatch(parts.Device);
        using Arena.Scope scope = parts.Arena.Begin();
        var tape = new LlamaTape(parts.Arena, config, rows);
        IntVector ids = parts.Device.AllocateInts(rows);
        using DeviceBuffer memory = ids.Buffer;
        parts.Queue.Write([.. Enumerable.Range(7, rows)], ids);
        model.Embed(parts.Queue, ids, tape.Hidden[0]);
        batch.Add(state, rows);
        model.Forward(parts.Queue, batch, tape);
        Matrix logits = parts.Arena.Take(rows, config.Vocabulary);
        model.Logits(parts.Queue, tape, logits);
        return parts.Queue.Read(logits);
    }

    private float[] Tokens(VisionConfig config, VisionTowerWeights weights, MlpProjector projector)
    {
        PixelValues pixels = TrainingPassTests.Sample(config.TemporalFrames > 0 ? 1 : 0).Visuals.Single();
        using Arena.Scope scope = parts.Arena.Begin();
        var tape = new VisionTape(parts.Arena, config, pixels.Frames);
        using VisionFeatures features = new VisionTower(config, weights).Encode(parts.Queue, pixels, tape);
        ProjectorActivations activations = ProjectorActivations.TakeForBackward(parts.Arena, projector, features.Rows.Rows);
        using VisionTokens tokens = projector.Forward(parts.Queue, features, activations);
        return parts.Queue.Read(tokens.Rows);
    }
}
