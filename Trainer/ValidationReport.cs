using System.Text.Json.Serialization;

namespace EdgeVideoLlava.Trainer;

/// <summary>An answer of the model beside the one that is written.</summary>
/// <param name="Sample">File and place.</param>
public sealed record ValidationAnswer(string Sample, string Question, string Expected, string Answer);

/// <summary>What a run gives on samples that it does not learn from: a line of validation.jsonl.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Loss">Mean over all supervised positions, in nats.</param>
/// <param name="IsBest">The least loss so far: best.safetensors is of this step.</param>
public sealed record ValidationReport(int Step, double Loss, bool IsBest, IReadOnlyList<ValidationAnswer> Answers);

/// <summary>Made at compile time.</summary>
[JsonSerializable(typeof(ValidationReport))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class ValidationJson : JsonSerializerContext;
