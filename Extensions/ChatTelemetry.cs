using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace EdgeVideoLlava.Extensions;

/// <summary>Traces and metrics of answers, under the names of OpenTelemetry's conventions for generative AI.</summary>
/// <remarks>Source: semantic conventions 1.41, docs/gen-ai (gen-ai-spans.md, gen-ai-metrics.md), which also advise the bounds of the
/// histograms. Texts, pictures and clips are never part of them.</remarks>
public sealed class ChatTelemetry : IDisposable
{
    /// <summary>Name of the <see cref="ActivitySource"/> and of the <see cref="Meter"/>.</summary>
    public const string Name = "EdgeVideoLlava";

    internal const string Provider = "edge-video-llava";

    private static readonly InstrumentAdvice<long> TokenBounds = new()
    {
        HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864],
    };

    private static readonly InstrumentAdvice<double> DurationBounds = new()
    {
        HistogramBucketBoundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
    };

    private static readonly InstrumentAdvice<double> FirstTokenBounds = new()
    {
        HistogramBucketBoundaries =
            [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    };

    private readonly Meter meter;

    /// <param name="meters">The host's; null: a meter of its own.</param>
    public ChatTelemetry(IMeterFactory? meters = null)
    {
        meter = meters?.Create(Name) ?? new Meter(Name);
        Tokens = meter.CreateHistogram("gen_ai.client.token.usage", "{token}", "Tokens of a prompt and of its answer.", null, TokenBounds);
        Duration = meter.CreateHistogram("gen_ai.client.operation.duration", "s", "From the request to the last token.", null,
            DurationBounds);
        FirstToken = meter.CreateHistogram("gen_ai.server.time_to_first_token", "s", "From the request to the first words.", null,
            FirstTokenBounds);
    }

    internal ActivitySource Activities { get; } = new(Name);
    internal Histogram<long> Tokens { get; }
    internal Histogram<double> Duration { get; }
    internal Histogram<double> FirstToken { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Activities.Dispose();
        meter.Dispose();
    }
}
