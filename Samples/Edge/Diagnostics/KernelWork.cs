using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>One operation at the shape that a model has it in, ready to be timed.</summary>
/// <param name="Operation">Its name, with what is fused into it.</param>
/// <param name="Shape">Rows and columns, for a reader.</param>
/// <param name="Weight">Type of its weight; null without one.</param>
/// <param name="Cost">What it must move and compute.</param>
/// <param name="OnTensorCores">Whether the tensor-core tier has a kernel of its own for it.</param>
/// <param name="Prepare">Makes the operands; the result gives the operation to their queue: the argument counts the
/// launches, so that weights take turns.</param>
internal sealed record KernelWork(string Operation, string Shape, StorageType? Weight, KernelCost Cost, bool OnTensorCores,
    Func<KernelOperands, Action<int>> Prepare);
