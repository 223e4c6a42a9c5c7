using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Norm;

namespace EdgeVideoLlava.Runtime.Language;

internal sealed partial class Llama
{
    // So many logits exist at a time: 32 MiB.
    private const int LogitsAtOnce = 1 << 23;

    /// <summary>The summed loss of a forward's rows and its gradient at tape.Norm: head and soft-max, some rows at a time.</summary>
    /// <param name="labels">(T): what each row predicts; −100: nothing.</param>
    /// <param name="factor">What the loss is multiplied with before its gradient is taken.</param>
    /// <param name="dHead">(V, D), added to; null where the head is frozen.</param>
    /// <param name="dNorm">(T, D), replaced; null where only the loss is wanted.</param>
    /// <returns>Σ −log p(label) in nats, over the rows with a label.</returns>
    public double Loss(ComputeQueue queue, LlamaTape tape, IReadOnlyList<int> labels, float factor, Arena arena, Matrix? dNorm,
        Matrix? dHead)
    {
        using Arena.Scope scope = arena.Begin();
        int[] supervised = [.. Enumerable.Range(0, labels.Count).Where(row => labels[row] != CrossEntropy.Ignored)];
        if (dNorm is { } all) Fill.Run(queue, all, 0);
        if (supervised.Length == 0) return 0;
        int atOnce = Math.Clamp(LogitsAtOnce / Config.Vocabulary, 1, supervised.Length);
        Matrix x = arena.Take(atOnce, Config.Hidden), dx = arena.Take(atOnce, Config.Hidden);
        Matrix logits = arena.Take(atOnce, Config.Vocabulary), losses = arena.Take(atOnce, 1);
        IntVector targets = queue.Device.AllocateInts(atOnce);
        using DeviceBuffer memory = targets.Buffer;
        double sum = 0;
        foreach (int[] rows in supervised.Chunk(atOnce))
        {
            int count = rows.Length;
            for (int i = 0; i < count; i++) CopyRows.Run(queue, tape.Norm.RowRange(rows[i], 1), x.RowRange(i, 1));
            queue.Write([.. rows.Select(row => labels[row])], targets.Range(0, count));
            Linear.Run(queue, Weights.Head, x.RowRange(0, count), logits.RowRange(0, count));
            CrossEntropy.Backward(queue, logits.RowRange(0, count), targets.Range(0, count), losses.RowRange(0, count), factor);
            foreach (float loss in queue.Read(losses.RowRange(0, count))) sum += loss;
            Linear.WeightBackward(queue, logits.RowRange(0, count), x.RowRange(0, count), dHead);
            if (dNorm is not { } gradient) continue;
            Linear.InputBackward(queue, Weights.Head, logits.RowRange(0, count), dx.RowRange(0, count));
            for (int i = 0; i < count; i++) CopyRows.Run(queue, dx.RowRange(i, 1), gradient.RowRange(rows[i], 1));
        }
        return sum;
    }

    /// <summary>From the gradient at tape.Norm to that of the embeddings; layers that share activations are computed again.</summary>
    /// <param name="batch">The forward's, of one conversation that begins with the tape's rows.</param>
    /// <param name="d">(T, D): the gradient at tape.Norm, then that of the embeddings.</param>
    /// <param name="gradients">Added to.</param>
    public void Backward(ComputeQueue queue, LlamaBatch batch, LlamaTape tape, Arena arena, LlamaGradients gradients, Matrix d)
    {
        using Arena.Scope scope = arena.Begin();
        LlamaDerivatives derivatives = LlamaDerivatives.Take(arena, Config, d.Rows);
        RmsNorm.Backward(queue, tape.Hidden[^1], Weights.Norm, tape.NormScale, d, d, residual: null, gradients.Norm);
        for (int layer = Config.Layers - 1; layer >= 0; layer--)
        {
            if (tape.Recomputes && layer < Config.Layers - 1) Layer(queue, batch, tape, layer);
            LlamaBlock.Backward(queue, Config, Weights, layer, batch, tape.Hidden[layer], tape.Layers[layer], derivatives,
                gradients.Blocks[layer], d, d);
        }
    }
}
