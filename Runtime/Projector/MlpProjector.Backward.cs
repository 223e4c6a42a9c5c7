using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;

namespace EdgeVideoLlava.Runtime.Projector;

/// <summary>Where the gradients of the projector are summed, in the shapes of its weights; null where one is frozen.</summary>
internal sealed record ProjectorGradients(
    Matrix? First = null, Matrix? FirstBias = null, Matrix? Second = null, Matrix? SecondBias = null);

internal sealed partial record MlpProjector
{
    /// <summary>The gradient of the tokens to those of the weights, and of the features where the towers learn.</summary>
    /// <param name="features">(R, D of the towers), what the forward projected.</param>
    /// <param name="a">What it computed on the way.</param>
    /// <param name="g">Added to.</param>
    /// <param name="dTokens">(R, D of the language model)</param>
    /// <param name="dFeatures">(R, D of the towers), replaced; null where the towers are frozen.</param>
    public void Backward(ComputeQueue queue, Matrix features, in ProjectorActivations a, Arena arena, ProjectorGradients g, Matrix dTokens,
        Matrix? dFeatures = null)
    {
        using Arena.Scope scope = arena.Begin();
        Matrix hidden = arena.Take(dTokens.Rows, Second.Columns);
        Linear.WeightBackward(queue, dTokens, a.Hidden, g.Second, g.SecondBias);
        Linear.InputBackward(queue, Second, dTokens, hidden);
        Activate.Backward(queue, Activation.Gelu, a.PreActivation!.Value, hidden, hidden);
        Linear.WeightBackward(queue, hidden, features, g.First, g.FirstBias);
        if (dFeatures is { } below) Linear.InputBackward(queue, First, hidden, below);
    }
}
