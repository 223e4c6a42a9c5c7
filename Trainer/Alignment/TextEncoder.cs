using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Embedding;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Norm;
using EdgeVideoLlava.Runtime.Vision;

namespace EdgeVideoLlava.Trainer.Alignment;

/// <summary>Texts to features (CLIPTextModel): causal layers, the state of the end mark normed, projected, of length one.</summary>
/// <remarks>
/// The end mark is the largest id of a text, as in CLIP; what stands behind it is seen by nothing that counts, and is left out. Texts lie
/// one after the other, without padding.
/// </remarks>
internal sealed class TextEncoder
{
    private const string Prefix = "text_model.";

    private readonly TableEntry words, positions, normWeight, normBias, projection;
    private readonly IReadOnlyList<VisionBlockWeights> blocks;
    private readonly IReadOnlyList<VisionBlockGradients> ofBlocks;

    public TextEncoder(TensorTable table, TextConfig config, int projected)
    {
        Config = config;
        int hidden = config.Layers.Hidden;
        words = EncoderLayers.Matrix(table, $"{Prefix}embeddings.token_embedding.weight", config.Vocabulary, hidden);
        positions = EncoderLayers.Matrix(table, $"{Prefix}embeddings.position_embedding.weight", config.Positions, hidden);
        (blocks, ofBlocks) = EncoderLayers.Add(table, $"{Prefix}encoder.layers.", config.Layers);
        (normWeight, normBias) = EncoderLayers.Norm(table, $"{Prefix}final_layer_norm", hidden);
        projection = EncoderLayers.Matrix(table, "text_projection.weight", projected, hidden);
        Learns = table.Tensors.Any(tensor => tensor.Gradient != null && tensor.Spec.Name.StartsWith("text_", StringComparison.Ordinal));
    }

    public TextConfig Config { get; }

    /// <summary>Whether anything of it learns.</summary>
    public bool Learns { get; }

    /// <summary>A forward that a backward can follow; its memory is the arena's.</summary>
    internal sealed record Tape(DeviceBuffer Indices, IntVector Ids, RowsBefore Rows, IntVector Ends, IReadOnlyList<Matrix> Hidden,
        IReadOnlyList<VisionActivations> Layers, Matrix Last, Matrix Statistics, Matrix Normed, Matrix Projected) : IDisposable
    {
        public void Dispose() => Indices.Dispose();
    }

    /// <summary>A text as far as its end mark, and no longer than the tower takes.</summary>
    public int[] Cut(int[] text)
    {
        int[] ids = [.. text.Take(Config.Positions)];
        return ids[..(Array.IndexOf(ids, ids.Max()) + 1)];
    }

    /// <param name="texts">Ids, each text as <see cref="Cut"/> gives it.</param>
    /// <param name="features">(texts, P), replaced.</param>
    public Tape Forward(ComputeQueue queue, Arena arena, IReadOnlyList<int[]> texts, Matrix features)
    {
        VisionConfig config = Config.Layers;
        int rows = texts.Sum(text => text.Length), hidden = config.Hidden;
        Tape tape = Take(queue, arena, texts, rows, features.Columns);
        using (arena.Begin())
        {
            Matrix places = arena.Take(rows, hidden);
            GatherRows.Run(queue, positions.Value, tape.Rows.Positions, places);
            EmbeddingGather.Run(queue, words.Weight, tape.Ids, tape.Hidden[0]);
            AddRows.Run(queue, tape.Hidden[0], places, 1, tape.Hidden[0]);
        }
        for (int layer = 0; layer < config.Layers; layer++)
            VisionBlock.Within(queue, config, blocks[layer], tape.Hidden[layer], tape.Rows, tape.Layers[layer], tape.Hidden[layer + 1]);
        GatherRows.Run(queue, tape.Hidden[^1], tape.Ends, tape.Last);
        LayerNorm.Run(queue, tape.Last, normWeight.Value, normBias.Value, config.LayerNormEpsilon, tape.Normed, tape.Statistics);
        Linear.Run(queue, projection.Weight, tape.Normed, tape.Projected);
        L2Normalize.Run(queue, tape.Projected, features);
        return tape;
    }

    /// <param name="dFeatures">(texts, P)</param>
    public void Backward(ComputeQueue queue, Arena arena, Tape tape, Matrix dFeatures)
    {
        using Arena.Scope scope = arena.Begin();
        VisionConfig config = Config.Layers;
        Matrix d = arena.Take(tape.Hidden[0].Rows, config.Hidden), dLast = arena.Take(dFeatures.Rows, config.Hidden);
        Matrix dProjected = arena.Take(dFeatures.Rows, dFeatures.Columns);
        L2Normalize.Backward(queue, tape.Projected, dFeatures, dProjected);
        Linear.WeightBackward(queue, dProjected, tape.Normed, projection.Gradient);
        Linear.InputBackward(queue, projection.Weight, dProjected, dLast);
        LayerNorm.Backward(queue, tape.Last, normWeight.Value, tape.Statistics, dLast, dLast, residual: null, normWeight.Gradient,
            normBias.Gradient);
        Fill.Run(queue, d, 0);
        EmbeddingGather.Backward(queue, dLast, tape.Ends, d);
        VisionDerivatives derivatives = VisionDerivatives.Take(arena, config, d.Rows);
        for (int layer = config.Layers - 1; layer >= 0; layer--)
            VisionBlock.WithinBackward(queue, config, blocks[layer], tape.Hidden[layer], tape.Rows, tape.Layers[layer], derivatives,
                ofBlocks[layer], d, d);
        if (words.Gradient is { } dWords) EmbeddingGather.Backward(queue, d, tape.Ids, dWords);
        if (positions.Gradient is { } dPositions) EmbeddingGather.Backward(queue, d, tape.Rows.Positions, dPositions);
    }

    private Tape Take(ComputeQueue queue, Arena arena, IReadOnlyList<int[]> texts, int rows, int projected)
    {
        int[] lengths = [.. texts.Select(text => text.Length)];
        IntVector indices = queue.Device.AllocateInts(2 * rows + texts.Count);
        int end = -1;
        queue.Write([.. texts.SelectMany(text => text), .. lengths.SelectMany(length => Enumerable.Range(0, length)),
            .. lengths.Select(length => end += length)], indices);
        int hidden = Config.Layers.Hidden, count = Config.Layers.Layers;
        return new Tape(indices.Buffer, indices.Range(0, rows), new RowsBefore(lengths, indices.Range(rows, rows)),
            indices.Range(2 * rows, texts.Count), [.. Enumerable.Range(0, count + 1).Select(_ => arena.Take(rows, hidden))],
            [.. Enumerable.Range(0, count).Select(_ => VisionActivations.TakeForBackward(arena, Config.Layers, rows))],
            arena.Take(texts.Count, hidden), arena.Take(texts.Count, 2), arena.Take(texts.Count, hidden),
            arena.Take(texts.Count, projected));
    }
}
