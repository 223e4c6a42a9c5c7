using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime.Vision;

/// <summary>What an attention with its norm computes from x (R, D), in memory that it is given.</summary>
/// <param name="Norm">(R, D)</param>
/// <param name="Qkv">(R, 3·D)</param>
/// <param name="Context">(R, D): the attention's result before its projection.</param>
/// <param name="Output">(R, D), float32: x plus the attention.</param>
internal readonly record struct VisionAttentionActivations(Matrix Norm, Matrix Qkv, Matrix Context, Matrix Output)
{
    /// <summary>(R, 2): mean and 1/std of every row of x.</summary>
    public Matrix? NormStatistics { get; init; }

    /// <summary>(R, heads): the log-sum of every row and head.</summary>
    public Matrix? LogSums { get; init; }

    internal static VisionAttentionActivations TakeForBackward(Arena arena, VisionConfig config, int rows)
        => new(arena.TakeActivations(rows, config.Hidden), arena.TakeActivations(rows, 3 * config.Hidden),
            arena.TakeActivations(rows, config.Hidden), arena.Take(rows, config.Hidden))
        {
            NormStatistics = arena.Take(rows, 2),
            LogSums = arena.Take(rows, config.Heads),
        };
}

/// <summary>What a layer of a tower computes on its way from x (R, D) to y (R, D), in memory that it is given.</summary>
/// <remarks>
/// Inference recycles one for all layers. A backward needs each layer's own, or has the layer compute into one again; what only it reads is
/// null elsewhere, and then costs nothing. F feed-forward.
/// </remarks>
/// <param name="TemporalInput">(R, D), float32: x plus the temporal embedding; null without temporal attention.</param>
/// <param name="Temporal">Null without temporal attention.</param>
/// <param name="Norm">(R, D) before the feed-forward layer.</param>
/// <param name="Activated">(R, F): the feed-forward layer after its activation.</param>
internal readonly record struct VisionActivations(
    Matrix? TemporalInput, VisionAttentionActivations? Temporal, VisionAttentionActivations Spatial, Matrix Norm, Matrix Activated)
{
    /// <summary>(R, 2): mean and 1/std of every row of the spatial attention's output.</summary>
    public Matrix? NormStatistics { get; init; }

    /// <summary>(R, F): the feed-forward layer before its activation.</summary>
    public Matrix? PreActivation { get; init; }

    /// <summary>For inference: attentions and feed-forward layer use the same memory one after the other.</summary>
    public static VisionActivations Take(Arena arena, VisionConfig config, int rows)
    {
        int hidden = config.Hidden;
        Matrix norm = arena.TakeActivations(rows, hidden), context = arena.TakeActivations(rows, hidden);
        Matrix wide = arena.TakeActivations(rows, Math.Max(3 * hidden, config.FeedForward));
        var spatial = new VisionAttentionActivations(norm, Dense(wide, 3 * hidden), context, arena.Take(rows, hidden));
        bool overTime = config.TemporalFrames > 0;
        return new VisionActivations(
            overTime ? arena.Take(rows, hidden) : null,
            overTime ? spatial with { Output = arena.Take(rows, hidden) } : null,
            spatial, norm, Dense(wide, config.FeedForward));
    }

    /// <summary>With all that a backward of the layer needs.</summary>
    public static VisionActivations TakeForBackward(Arena arena, VisionConfig config, int rows)
    {
        bool overTime = config.TemporalFrames > 0;
        return new VisionActivations(
            overTime ? arena.Take(rows, config.Hidden) : null,
            overTime ? VisionAttentionActivations.TakeForBackward(arena, config, rows) : null,
            VisionAttentionActivations.TakeForBackward(arena, config, rows),
            arena.TakeActivations(rows, config.Hidden), arena.TakeActivations(rows, config.FeedForward))
        {
            NormStatistics = arena.Take(rows, 2),
            PreActivation = arena.Take(rows, config.FeedForward),
        };
    }

    /// <summary>A narrower matrix in the memory of a wide one.</summary>
    private static Matrix Dense(Matrix wide, int columns) => wide with { Columns = columns, Stride = columns };
}
