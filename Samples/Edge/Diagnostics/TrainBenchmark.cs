using System.Diagnostics;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Trainer;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>Times forward and backward of one sample of words, without the optimizer's step.</summary>
/// <remarks>
/// Arithmetic counted: of each linear of the layers 2 FLOP a multiply-add forward, as many for dX, and for dW where the weights learn;
/// of the head the same; attention once forward and two and a half times back.
/// </remarks>
internal static class TrainBenchmark
{
    private const int Rank = 128;

    /// <summary>All weights of a model that was loaded with a trainable language part; else an adapter of rank 128 over it.</summary>
    public static BenchmarkResult Run(VideoLlava model, int positions, int repetitions, CancellationToken cancel)
    {
        bool isWhole = model.Language.Weights.Blocks[0].Out.Buffer.Type == StorageType.F32 && model.Language.Weights.Embedding.Buffer.Type
            == StorageType.F32;
        using var trainable = new Trainable(model, isWhole ? ModelPart.Language : ModelPart.None,
            isWhole ? null : new LoraOptions(Rank, 2 * Rank, 0));
        if (trainable.Lora is { } lora) lora.IsTraining = true;
        using var arena = new Arena(model.Device);
        var random = new Random(1);
        int[] ids = [.. Enumerable.Range(0, positions).Select(_ => random.Next(3, model.Config.Language.Vocabulary))];
        var sample = new TrainingSample(ids, ids, []);
        List<double> seconds = [];
        for (int i = 0; i <= repetitions; i++)
        {
            long started = Stopwatch.GetTimestamp();
            MicroBatch.Backward(model, [sample], trainable, arena, cancel: cancel);
            model.LanguageQueue.Wait();
            if (i > 0) seconds.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        double adapter = isWhole ? 0 : trainable.Parameters.Sum(parameter => parameter.Elements);
        return new BenchmarkResult($"train {(isWhole ? "whole" : $"adapter r{Rank}")} {positions}", seconds, positions,
            ModelCost.Training(model.Language, positions, isWhole, adapter), 0);
    }
}
