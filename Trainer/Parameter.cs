using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Trainer;

/// <summary>A parameter that learns: its numbers, and where its gradient is summed.</summary>
/// <param name="Part">Of the model: the projector may have a learning rate of its own.</param>
/// <param name="Tensors">By rows; names are canonical, or an adapter's.</param>
/// <param name="Value">(R, C), float32: what the optimizer changes.</param>
/// <param name="Gradient">(R, C), float32</param>
/// <param name="Rounded">The weight that the model computes with, where it has 16 bits; null where it is the value itself.</param>
internal sealed record Parameter(ModelPart Part, IReadOnlyList<TensorSpec> Tensors, Matrix Value, Matrix Gradient, Weight? Rounded = null)
{
    public string Name => Tensors[0].Name;

    /// <summary>Whether weight decay applies: to matrices; norms and biases do not decay.</summary>
    public bool Decays { get; init; } = Value.Rows > 1;

    public long Elements => (long)Value.Rows * Value.Columns;

    /// <summary>The value has changed: it becomes the weight's, rounded.</summary>
    public void Store(ComputeQueue queue)
    {
        if (Rounded is { } weight) RoundRows.Run(queue, Value, weight);
    }

    /// <summary>The rows of each tensor, in order.</summary>
    public IEnumerable<(TensorSpec Tensor, int Start, int Count)> Rows()
    {
        int start = 0;
        foreach (TensorSpec tensor in Tensors)
        {
            int count = checked((int)(tensor.Elements / Value.Columns));
            yield return (tensor, start, count);
            start += count;
        }
    }
}
