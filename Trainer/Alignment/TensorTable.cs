using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Trainer.Alignment;

/// <summary>A tensor by its stored name: where its numbers are, and where its gradient is summed; null: it is frozen.</summary>
internal sealed record TableTensor(TensorSpec Spec, Matrix Value, Matrix? Gradient);

/// <summary>One tensor, or several joined, as the model computes with it.</summary>
internal readonly record struct TableEntry(Weight Weight, Matrix Value, Matrix? Gradient);

/// <summary>The tensors of a model under the names of their files, in float32, with gradients for those that learn.</summary>
/// <param name="learns">Whether a tensor of this name learns.</param>
internal sealed class TensorTable(ComputeDevice device, ComputeQueue queue, Func<string, bool> learns) : IDisposable
{
    private readonly List<TableTensor> tensors = [];
    private readonly List<DeviceBuffer> owned = [];

    public IReadOnlyList<TableTensor> Tensors => tensors;

    /// <summary>What learns, as the optimizer takes it.</summary>
    /// <remarks>Decay by LanguageBind's rule: not vectors, and not the patch embedding.</remarks>
    public IReadOnlyList<Parameter> Learning => [.. from tensor in tensors
                                                    where tensor.Gradient != null
                                                    select new Parameter(ModelPart.VideoTower, [tensor.Spec], tensor.Value,
                                                        tensor.Gradient!.Value)
                                                    {
                                                        Decays = tensor.Spec.Shape.Length > 1
                                                            && !tensor.Spec.Name.Contains("patch_embedding"),
                                                    }];

    /// <summary>Matrices of so many columns, joined by rows; what is behind a shape's first axis is one row.</summary>
    public TableEntry Add(int columns, params ReadOnlySpan<TensorSpec> parts)
    {
        int rows = 0;
        foreach (TensorSpec part in parts) rows += checked((int)(part.Elements / columns));
        TableEntry entry = Allocate(parts, rows, columns);
        int start = 0;
        foreach (TensorSpec part in parts)
        {
            int count = (int)(part.Elements / columns);
            tensors.Add(new TableTensor(part, entry.Value.RowRange(start, count),
                learns(part.Name) ? entry.Gradient!.Value.RowRange(start, count) : null));
            start += count;
        }
        return entry;
    }

    /// <summary>Vectors, joined in one row.</summary>
    public TableEntry AddVector(params ReadOnlySpan<TensorSpec> parts)
    {
        int columns = 0;
        foreach (TensorSpec part in parts) columns += checked((int)part.Elements);
        TableEntry entry = Allocate(parts, 1, columns);
        int start = 0;
        foreach (TensorSpec part in parts)
        {
            int count = (int)part.Elements;
            tensors.Add(new TableTensor(part, entry.Value.ColumnRange(start, count),
                learns(part.Name) ? entry.Gradient!.Value.ColumnRange(start, count) : null));
            start += count;
        }
        return entry;
    }

    public void ClearGradients()
    {
        foreach (TableTensor tensor in tensors)
        {
            if (tensor.Gradient is { } gradient) Fill.Run(queue, gradient, 0);
        }
    }

    public void Dispose()
    {
        foreach (DeviceBuffer buffer in owned) buffer.Dispose();
    }

    private TableEntry Allocate(ReadOnlySpan<TensorSpec> parts, int rows, int columns)
    {
        Weight weight = device.AllocateWeight(parts[0].Name, StorageType.F32, rows, columns);
        owned.Add(weight.Buffer);
        bool any = false;
        foreach (TensorSpec part in parts) any |= learns(part.Name);
        if (!any) return new TableEntry(weight, device.Numbers(weight), null);
        Matrix gradient = device.AllocateMatrix(rows, columns);
        owned.Add(gradient.Buffer);
        Fill.Run(queue, gradient, 0);
        return new TableEntry(weight, device.Numbers(weight), gradient);
    }
}
