using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Quantizer.Compensation;

/// <summary>A loaded model with calibration data on its way through it.</summary>
/// <param name="Compensates">Whether rounding errors are made up for; else outputs are only measured.</param>
internal sealed record LayerCalibration(VideoLlava Model, CalibrationInputs Inputs, bool Compensates)
{
    /// <summary>Bytes that rounding may take at its peak, and what prompts may take of them in any case, of models whose layers alone take
    /// more.</summary>
    private const long MostBytes = 4_000_000_000, LeastForPrompts = 500_000_000;

    /// <summary>Bytes that rounding takes at its peak, beside the model: the prompts' rows and a layer's work on the longest, the rounded
    /// linears of a layer as float32, and the products of a linear's inputs with their factor.</summary>
    public long PeakBytes => Bytes(Model.Config.Language, Inputs.Rows, Inputs.Longest);

    /// <inheritdoc cref="PeakBytes"/>
    internal static long Bytes(LlamaConfig config, long rows, long longest)
    {
        long widest = Math.Max(Math.Max(config.Hidden, config.FeedForward), config.QueryColumns);
        long work = longest * (4 * config.Hidden + 3 * config.QueryColumns + 4 * config.KeyColumns + 2 * config.FeedForward);
        long linears = new LlamaTensors(config with { Layers = 1 }).Blocks[0].Parameters.Where(parameter => parameter.IsWeight)
            .Sum(parameter => parameter.Elements);
        return ErrorFeedback.PeakBytes(widest) + StorageType.F32.Bytes(rows * config.Hidden + work + linears);
    }

    /// <summary>Whether prompts of so many positions are all that rounding should hold.</summary>
    internal static bool Fits(LlamaConfig config, long rows, long longest)
        => Bytes(config, rows, longest) <= Math.Max(MostBytes, Bytes(config, 0, longest) + LeastForPrompts);

    /// <summary>Refuses to begin what would not fit.</summary>
    /// <param name="limit">Bytes that count as free; null: those that are.</param>
    /// <exception cref="DeviceFailedException">Less is free.</exception>
    public void RequireMemory(long? limit)
    {
        long free = limit ?? SystemMemory.Available();
        if (PeakBytes > free)
        {
            throw new DeviceFailedException($"rounding layer by layer takes {PeakBytes >> 20} MiB of memory beside the model, {free >> 20} "
                + "MiB are free; calibrate with less, or without making up for errors");
        }
    }
}
