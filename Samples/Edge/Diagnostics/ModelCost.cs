using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Vision;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>Arithmetic and memory traffic of the model's parts: 2 FLOP a multiply-add; norms, activations and
/// soft-max are not counted.</summary>
public static class ModelCost
{
    /// <summary>FLOP of encoding and projecting a clip (or a picture: one frame) of so many frames.</summary>
    internal static double Encode(VisionConfig tower, MlpProjector projector, int frames)
    {
        double p = tower.Positions, d = tower.Hidden, f = tower.FeedForward;
        double layer = 2 * p * (4 * d * d + 2 * d * f) + 4 * p * p * d;
        if (tower.TemporalFrames > 0) layer += 2 * p * 4 * d * d + 4 * p * tower.TemporalFrames * d;
        double patches = 2 * (p - 1) * d * 3 * tower.Patch * tower.Patch;
        return frames * (patches + tower.FeatureLayers * layer + 2 * p * (Elements(projector.First) + Elements(projector.Second)));
    }

    /// <summary>FLOP of prefilling so many positions of an empty conversation; the head runs for the last only.</summary>
    internal static double Prefill(Llama language, int positions)
    {
        double attention = 4.0 * language.Config.QueryColumns * positions * (positions + 1) / 2 * language.Config.Layers;
        return 2.0 * positions * language.Weights.Blocks.Sum(Linears) + attention + 2.0 * Elements(language.Weights.Head);
    }

    /// <summary>FLOP of forward and backward of so many positions, all of which learn (<see cref="TrainBenchmark"/>).</summary>
    /// <param name="whole">The weights learn; else an adapter of so many numbers beside them.</param>
    internal static double Training(Llama language, int positions, bool whole, double adapter)
    {
        double attention = 4.0 * language.Config.QueryColumns * positions * (positions + 1) / 2 * language.Config.Layers;
        double linears = language.Weights.Blocks.Sum(Linears) + Elements(language.Weights.Head);
        return 2.0 * positions * (linears * (whole ? 3 : 2) + 3 * adapter) + 3.5 * attention;
    }

    /// <summary>Bytes that one decode step of one conversation must read: every linear, the head, the KV cache so far.</summary>
    internal static double DecodeBytes(Llama language, int position)
    {
        double weights = language.Weights.Blocks.Sum(block => block.Linears.Sum(Bytes)) + Bytes(language.Weights.Head);
        return weights + 2.0 * language.Config.Layers * position
            * HeadRows.RowBytes(language.Config.KeyValueHeads, language.Config.HeadSize, language.CacheType);
    }

    /// <summary>Parameters of the language model and the projector, and of the towers as far as they are loaded.</summary>
    internal static double LanguageParameters(Llama language)
        => language.Weights.Blocks.Sum(Linears) + Elements(language.Weights.Head) + (language.Config.TiedHead ? 0
        : Elements(language.Weights.Embedding));

    private static double Linears(LlamaBlockWeights block) => block.Linears.Sum(Elements);

    private static double Elements(Weight weight) => (double)weight.Rows * weight.Columns;

    private static double Bytes(Weight weight) => weight.Buffer.Type.Bytes((long)weight.Rows * weight.Columns);
}
