using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Language;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>What a kernel must move and compute at least: every operand once, 2 FLOP a multiply-add; norms,
/// activations and soft-max count no FLOP.</summary>
/// <param name="Bytes">Read and written, each operand once, as if caches were perfect.</param>
/// <param name="Flop">Of products only.</param>
public readonly record struct KernelCost(double Bytes, double Flop)
{
    public KernelCost Plus(KernelCost other) => new(Bytes + other.Bytes, Flop + other.Flop);

    public KernelCost Times(int count) => new(count * Bytes, count * Flop);

    /// <summary>y (rows, outputs) = x (rows, columns) · Wᵀ, with a residual of y's size or without.</summary>
    /// <param name="gated">SiLU·up: W has gate and up rows, twice as many as outputs.</param>
    public static KernelCost Linear(int rows, int outputs, int columns, StorageType weight, StorageType x, StorageType y,
        bool gated = false, bool residual = false)
    {
        double weights = (double)outputs * columns * (gated ? 2 : 1), results = (double)rows * outputs;
        double bytes = weight.Bytes((long)weights) + (double)rows * columns * x.ElementBytes() + results * y.ElementBytes()
            + (residual ? results * sizeof(float) : 0);
        return new KernelCost(bytes, 2 * rows * weights);
    }

    /// <summary>The last <paramref name="rows"/> of so many positions attend to all before them; the cache is read once.</summary>
    public static KernelCost CausalAttention(int rows, int positions, LlamaConfig config, StorageType type, StorageType cache)
    {
        double pairs = (double)rows * positions - (double)rows * (rows - 1) / 2;
        double queries = 2.0 * rows * config.QueryColumns * type.ElementBytes();
        double keys = 2.0 * positions * HeadRows.RowBytes(config.KeyValueHeads, config.HeadSize, cache);
        return new KernelCost(queries + keys, 4 * pairs * config.QueryColumns);
    }

    /// <summary>Sequences whose rows each attend to all rows of their own.</summary>
    internal static KernelCost FullAttention(SequenceLayout layout, int columns, StorageType type)
    {
        double rows = (double)layout.Count * layout.Length;
        return new KernelCost(4 * rows * columns * type.ElementBytes(), 4 * rows * layout.Length * columns);
    }

    /// <summary>An operation on numbers one by one, or row by row: what it reads and writes.</summary>
    public static KernelCost Traffic(double bytes) => new(bytes, 0);
}
