using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Embedding;
using EdgeVideoLlava.Kernels.Norm;

namespace EdgeVideoLlava.Runtime.Vision;

internal sealed partial class VisionTower
{
    /// <summary>From the gradient at the last layer's output to that of all that learns; layers that share activations are computed
    /// again.</summary>
    /// <param name="tape">Of a forward.</param>
    /// <param name="gradients">Added to.</param>
    /// <param name="d">(R, D): the gradient of tape.Hidden[^1], then that of what came before the first norm.</param>
    public void Backward(ComputeQueue queue, VisionTape tape, Arena arena, VisionTowerGradients gradients, Matrix d)
    {
        using Arena.Scope scope = arena.Begin();
        VisionDerivatives derivatives = VisionDerivatives.Take(arena, Config, d.Rows);
        VisionConfig seen = Seen(tape);
        for (int layer = tape.Layers.Count - 1; layer >= 0; layer--)
        {
            if (tape.Recomputes && layer < tape.Layers.Count - 1) Layer(queue, tape, layer);
            VisionBlock.Backward(queue, seen, weights.Blocks[layer], tape.Hidden[layer], tape.Layers[layer], derivatives,
                gradients.Blocks[layer], d, d);
        }
        LayerNorm.Backward(queue, tape.Kept?.Values ?? tape.Embedded, weights.PreNormWeight, tape.PreNormStatistics, d,
            gradients.LearnsEmbeddings ? d : null, residual: null, gradients.PreNormWeight, gradients.PreNormBias);
        if (!gradients.LearnsEmbeddings) return;
        PatchEmbedding.Backward(queue, tape.Pixels, Config.Patch, Scattered(queue, tape, arena, d), gradients.Patch, gradients.Class,
            gradients.Position);
    }

    /// <summary>The gradient of all positions: zeros where a patch was dropped.</summary>
    private static Matrix Scattered(ComputeQueue queue, VisionTape tape, Arena arena, Matrix d)
    {
        if (tape.Kept is not { } kept) return d;
        Matrix all = arena.Take(tape.Embedded.Rows, d.Columns);
        Fill.Run(queue, all, 0);
        EmbeddingGather.Backward(queue, d, kept.Rows, all);
        return all;
    }
}
