using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Embedding;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Norm;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Vision;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Trainer.Alignment;

/// <summary>Pictures or clips to features: the class embedding that the tower makes, normed, its mean over frames, projected.</summary>
/// <remarks>Features have the length one.</remarks>
internal sealed class VisualEncoder
{
    private const string Prefix = "vision_model.";

    private readonly VisionTower tower;
    private readonly VisionTowerGradients gradients;
    private readonly TableEntry normWeight, normBias, projection;

    public VisualEncoder(TensorTable table, VisionConfig config, int projected)
    {
        int hidden = config.Hidden, patch = config.Patch;
        TableEntry one = EncoderLayers.Vector(table, $"{Prefix}embeddings.class_embedding", hidden);
        TableEntry patches = table.Add(3 * patch * patch,
            new TensorSpec($"{Prefix}embeddings.patch_embedding.weight", hidden, 3, patch, patch));
        TableEntry positions = EncoderLayers.Matrix(table, $"{Prefix}embeddings.position_embedding.weight", config.Positions, hidden);
        (TableEntry preWeight, TableEntry preBias) = EncoderLayers.Norm(table, $"{Prefix}pre_layrnorm", hidden);
        (IReadOnlyList<VisionBlockWeights> blocks, IReadOnlyList<VisionBlockGradients> ofBlocks)
            = EncoderLayers.Add(table, $"{Prefix}encoder.layers.", config);
        (normWeight, normBias) = EncoderLayers.Norm(table, $"{Prefix}post_layernorm", hidden);
        projection = EncoderLayers.Matrix(table, "visual_projection.weight", projected, hidden);
        tower = new VisionTower(config, new VisionTowerWeights(
            patches.Weight, one.Value, positions.Value, preWeight.Value, preBias.Value, blocks));
        gradients = new VisionTowerGradients(patches.Gradient, one.Gradient, positions.Gradient, preWeight.Gradient, preBias.Gradient,
            ofBlocks);
    }

    public VisionConfig Config => tower.Config;

    /// <summary>A forward that a backward can follow; its memory is the arena's.</summary>
    internal sealed record Tape(VisionTape Tower, DeviceBuffer Indices, IntVector ClassRows, Matrix Classes, Matrix Statistics,
        Matrix Normed, Matrix Mean, Matrix Projected) : IDisposable
    {
        public void Dispose() => Indices.Dispose();
    }

    /// <param name="kept">Patches that are not dropped, the same of all frames; null: all.</param>
    /// <param name="features">(1, P), replaced.</param>
    public Tape Forward(ComputeQueue queue, Arena arena, PixelValues pixels, int[]? kept, bool recompute, Matrix features)
    {
        int positions = kept == null ? Config.Positions : kept.Length + 1, frames = pixels.Frames, hidden = Config.Hidden;
        int[] rows = kept == null ? [] : [.. from frame in Enumerable.Range(0, frames)
                                             from place in kept.Select(patch => patch + 1).Prepend(0)
                                             select frame * Config.Positions + place];
        IntVector indices = queue.Device.AllocateInts(rows.Length + frames), classes = indices.Range(rows.Length, frames);
        queue.Write([.. rows, .. Enumerable.Range(0, frames).Select(frame => frame * positions)], indices);
        var own = new VisionTape(arena, Config, frames, Config.Layers, recompute, kept == null ? null : indices.Range(0, rows.Length));
        var tape = new Tape(own, indices.Buffer, classes, arena.Take(frames, hidden), arena.Take(frames, 2), arena.Take(frames, hidden),
            arena.Take(1, hidden), arena.Take(1, features.Columns));
        tower.Forward(queue, pixels, own);
        GatherRows.Run(queue, own.Hidden[^1], classes, tape.Classes);
        LayerNorm.Run(queue, tape.Classes, normWeight.Value, normBias.Value, Config.LayerNormEpsilon, tape.Normed, tape.Statistics);
        MeanRows.Run(queue, tape.Normed, tape.Mean);
        Linear.Run(queue, projection.Weight, tape.Mean, tape.Projected);
        L2Normalize.Run(queue, tape.Projected, features);
        return tape;
    }

    /// <param name="dFeatures">(1, P)</param>
    public void Backward(ComputeQueue queue, Arena arena, Tape tape, Matrix dFeatures)
    {
        using Arena.Scope scope = arena.Begin();
        Matrix dProjected = arena.Take(1, dFeatures.Columns), dMean = arena.Take(1, Config.Hidden);
        Matrix dClasses = arena.Take(tape.Classes.Rows, Config.Hidden);
        Matrix d = arena.Take(tape.Tower.Hidden[^1].Rows, Config.Hidden);
        L2Normalize.Backward(queue, tape.Projected, dFeatures, dProjected);
        Linear.WeightBackward(queue, dProjected, tape.Mean, projection.Gradient);
        Linear.InputBackward(queue, projection.Weight, dProjected, dMean);
        MeanRows.Backward(queue, dMean, dClasses);
        LayerNorm.Backward(queue, tape.Classes, normWeight.Value, tape.Statistics, dClasses, dClasses, residual: null, normWeight.Gradient,
            normBias.Gradient);
        Fill.Run(queue, d, 0);
        EmbeddingGather.Backward(queue, dClasses, tape.ClassRows, d);
        tower.Backward(queue, tape.Tower, arena, gradients, d);
    }
}
