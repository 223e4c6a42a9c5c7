using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Optimizer;

/// <summary>Numbers of one step of <see cref="AdamW"/>.</summary>
/// <param name="Rate">Learning rate of this step.</param>
/// <param name="Step">From 1: steps taken, this one included.</param>
/// <param name="GradientFactor">What gradients are multiplied with first: clipping, and the inverse of a loss scale.</param>
internal readonly record struct AdamWStep(
    double Rate, int Step, float GradientFactor, double Beta1, double Beta2, double Epsilon, double WeightDecay);

// no gpu: the optimizer runs on the processor
// no benchmark: bound by memory, measured with a training step
/// <summary>A step of Adam with decoupled weight decay (Loshchilov and Hutter, arXiv:1711.05101), as torch.optim.AdamW takes it.</summary>
/// <remarks>
/// g = factor · gradient;  w ← w (1 − η λ);  m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²
/// w ← w − η / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
/// All (R, C), float32.
/// </remarks>
internal static partial class AdamW
{
    public static void Run(ComputeQueue queue, Matrix value, Matrix gradient, Matrix first, Matrix second, in AdamWStep step)
    {
        Shapes.Same(value, gradient);
        Shapes.Same(value, first);
        Shapes.Same(value, second);
        Cpu(CpuQueue.Of(queue), value, gradient, first, second, step);
    }
}
