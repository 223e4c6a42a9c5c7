using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;

namespace EdgeVideoLlava.Trainer;

/// <summary>Forward and backward of the samples that are averaged together.</summary>
internal static class MicroBatch
{
    /// <summary>Adds the gradient of scale · mean loss to what learns. Samples run one after the other, without padding.</summary>
    /// <param name="arena">For this alone.</param>
    /// <param name="scale">1 / accumulated micro-batches, and a loss scale.</param>
    /// <param name="seed">Of dropout: of the first sample, the next one's follows.</param>
    /// <param name="recompute">Layers share activations and are computed again on the way back: the same bits in less memory.</param>
    /// <returns>The loss, unscaled; without supervised positions 0, and nothing is added.</returns>
    /// <exception cref="BadInputException">A sample's markers and visuals do not match, or it does not fit into the context.</exception>
    public static BatchLoss Backward(VideoLlava model, IReadOnlyList<TrainingSample> batch, Trainable trainable, Arena arena,
        float scale = 1, bool recompute = false, ulong seed = 0, CancellationToken cancel = default)
    {
        int supervised = batch.Sum(sample => sample.Supervised(model.Config));
        double sum = 0;
        foreach ((int i, TrainingSample sample) in batch.Index())
        {
            cancel.ThrowIfCancellationRequested();
            if (sample.Supervised(model.Config) == 0) continue;
            if (trainable.Lora is { } lora) lora.Seed = Mixed(seed + (ulong)i);
            sum += Sample(model, sample, trainable, arena, scale / supervised, recompute);
        }
        return new BatchLoss(sum, supervised);
    }

    /// <summary>SplitMix64: neighbouring numbers far apart.</summary>
    private static ulong Mixed(ulong z)
    {
        z += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    private static double Sample(VideoLlava model, TrainingSample sample, Trainable trainable, Arena arena, float factor, bool recompute)
    {
        using Arena.Scope scope = arena.Begin();
        using var pass = new TrainingPass(model, sample, arena, recompute: recompute);
        bool learns = trainable.LearnsWords || sample.Visuals.Count > 0;
        if (!learns) return pass.Loss(arena, factor, trainable.Language, null);
        Matrix d = arena.Take(pass.Prompt.Length, model.Config.Language.Hidden);
        double loss = pass.Loss(arena, factor, trainable.Language, d);
        pass.Backward(arena, trainable, d);
        return loss;
    }
}
