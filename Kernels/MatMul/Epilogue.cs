using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>What a linear layer does to its sums before they are stored: bias, then activation, then residual.</summary>
/// <param name="Bias">(1, R), added to every row.</param>
/// <param name="Activation">Applied to the biased sums.</param>
/// <param name="Residual">(T, R), added last.</param>
public readonly record struct Epilogue(Matrix? Bias = null, Activation Activation = Activation.None, Matrix? Residual = null);
