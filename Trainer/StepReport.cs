using System.Text.Json.Serialization;

namespace EdgeVideoLlava.Trainer;

/// <summary>What a step did: a line of the log.</summary>
/// <param name="Step">From 1.</param>
/// <param name="Loss">Mean of the micro-batches' losses, in nats.</param>
/// <param name="LearningRate">Of the language model; of the projector where it alone learns.</param>
/// <param name="GradientNorm">Before clipping; null where a gradient was not finite and the step was not taken.</param>
/// <param name="LossScale">What the loss was multiplied with.</param>
/// <param name="Tokens">Positions of the samples' ids.</param>
/// <param name="SkippedSamples">Samples of the run that could not be used.</param>
public sealed record StepReport(int Step, int Steps, double Epoch, double Loss, double LearningRate, double? GradientNorm, float LossScale,
    long Tokens, double TokensPerSecond, double SecondsLeft, int SkippedSamples);

/// <summary>Made at compile time.</summary>
[JsonSerializable(typeof(StepReport))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class StepJson : JsonSerializerContext;
