using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Quantizer.Compensation;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Runtime.Weights.Gguf;

namespace EdgeVideoLlava.Quantizer.Conversion;

/// <summary>One tensor of a file to be written: where it comes from, and what it becomes.</summary>
/// <param name="Name">In the file.</param>
/// <param name="Source">Its numbers.</param>
/// <param name="Type">What they become.</param>
/// <param name="Shape">The outermost axis first; perhaps fewer rows than the source has.</param>
/// <param name="RotaryHeads">Heads of which the rows of both halves are to take turns; 0: rows stay in order.</param>
internal sealed record TensorPlan(string Name, HostTensor Source, StorageType Type, long[] Shape, int RotaryHeads = 0)
{
    /// <summary>Of each column; null: all alike.</summary>
    public float[]? Importance { get; init; }

    /// <summary>Its rows as blocks already, in the order of the source; null: they are still to be rounded.</summary>
    public RoundedTensor? Rounded { get; init; }

    public long Elements => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>Numbers that are stored together: blocks never reach over a row's end.</summary>
    public int Columns => checked((int)(Type.IsBlock() || Shape.Length <= 2 ? Shape[^1] : Elements / Shape[0]));

    public int Rows => checked((int)(Elements / Columns));

    public long Bytes => Type.Bytes(Elements);

    /// <summary>The source's row that stands at a place of the file.</summary>
    public int SourceRow(int row)
    {
        if (RotaryHeads == 0) return row;
        int size = Rows / RotaryHeads, place = row % size;
        return row - place + place / 2 + place % 2 * (size / 2);
    }
}

/// <summary>A GGUF file to be written.</summary>
/// <param name="Part">What it holds: "language model", "image tower and projector", "video tower".</param>
/// <param name="Name">Of the file.</param>
internal sealed record FilePlan(string Part, string Name, IReadOnlyList<GgufKey> Keys, IReadOnlyList<TensorPlan> Tensors);
