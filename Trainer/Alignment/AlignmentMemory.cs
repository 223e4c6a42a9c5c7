using EdgeVideoLlava.Runtime.Vision;

namespace EdgeVideoLlava.Trainer.Alignment;

/// <summary>The forecast of a run's memory, from sizes alone.</summary>
internal static class AlignmentMemory
{
    /// <param name="weights">Numbers of both towers.</param>
    /// <param name="atOnce">Pairs whose activations are kept together.</param>
    public static TrainingMemory Of(ClipConfig config, IReadOnlyList<Parameter> learning, long weights, int atOnce, bool recompute)
    {
        int frames = Math.Max(1, config.Vision.TemporalFrames);
        long rows = (long)frames * config.Vision.Positions;
        long pixels = (long)frames * 3 * config.Vision.ImageSize * config.Vision.ImageSize;
        long each = pixels + rows * (config.Vision.Hidden + Layers(config.Vision, recompute))
            + (long)config.Text.Positions * Layers(config.Text.Layers, recompute: false);
        long way = rows * (config.Vision.FeedForward + 6L * config.Vision.Hidden);
        return new TrainingMemory(4 * weights, 12 * learning.Sum(parameter => parameter.Elements), 4 * (atOnce * each + way));
    }

    /// <summary>Numbers of a row: states around the layers, and what each keeps.</summary>
    private static long Layers(VisionConfig config, bool recompute)
    {
        long attention = 6L * config.Hidden + 2 + config.Heads;
        long layer = attention * (config.TemporalFrames > 0 ? 2 : 1) + config.Hidden + 2L * config.FeedForward + 2
            + (config.TemporalFrames > 0 ? config.Hidden : 0);
        return (config.Layers + 1L) * config.Hidden + (recompute ? 1 : config.Layers) * layer;
    }
}
