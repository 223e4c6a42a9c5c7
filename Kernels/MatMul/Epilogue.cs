using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>What a linear layer does to its sums before they are stored: bias, then activation, then residual.</summary>
/// <param name="Bias">(1, R), added to every row.</param>
/// <param name="Activation">Applied to the biased sums.</param>
/// <param name="Residual">(T, R), added last.</param>
/// <param name="PreActivation">
/// (T, R of the weight), float32, where a backward asks for it: the biased sums that the activation is applied to; for SiLU·up gate, then
/// up. Null in inference.
/// </param>
internal readonly record struct Epilogue(
    Matrix? Bias = null, Activation Activation = Activation.None, Matrix? Residual = null, Matrix? PreActivation = null)
{
    /// <summary>That of some of the rows.</summary>
    internal Epilogue Rows(int start, int count)
        => this with { Residual = Residual?.RowRange(start, count), PreActivation = PreActivation?.RowRange(start, count) };
}
