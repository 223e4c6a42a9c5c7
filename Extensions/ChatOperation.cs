using System.Diagnostics;
using EdgeVideoLlava.Runtime.Generation;

namespace EdgeVideoLlava.Extensions;

/// <summary>One answer in traces and metrics: begun when it is made, over when it is disposed.</summary>
internal sealed class ChatOperation : IDisposable
{
    private readonly ChatTelemetry telemetry;
    private readonly Activity? activity;
    private readonly TagList tags;
    private readonly long started = Stopwatch.GetTimestamp();
    private TimeSpan? first;
    private string? error = typeof(OperationCanceledException).FullName; // of whoever leaves before the answer is there

    public ChatOperation(ChatTelemetry telemetry, string model)
    {
        this.telemetry = telemetry;
        tags = new TagList
        {
            { "gen_ai.operation.name", "chat" }, { "gen_ai.provider.name", ChatTelemetry.Provider },
            { "gen_ai.request.model", model }, { "gen_ai.response.model", model },
        };
        activity = telemetry.Activities.StartActivity(ActivityKind.Internal, tags: tags, name: $"chat {model}");
    }

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(started);

    /// <summary>From the start to the first words; null before.</summary>
    public TimeSpan? First => first;

    public void Asked(GenerationOptions options)
    {
        activity?.SetTag("gen_ai.request.max_tokens", options.MaxTokens).SetTag("gen_ai.request.temperature", options.Sampling.Temperature)
            .SetTag("gen_ai.request.top_k", options.Sampling.TopK).SetTag("gen_ai.request.top_p", options.Sampling.TopP);
        if (!options.Sampling.IsGreedy) activity?.SetTag("gen_ai.request.seed", (long)options.Sampling.Seed);
        if (options.StopStrings.Count > 0) activity?.SetTag("gen_ai.request.stop_sequences", options.StopStrings.ToArray());
    }

    public void Words() => first ??= Elapsed;

    public void Answered(Answer answer)
    {
        error = null;
        telemetry.Tokens.Record(answer.PromptPositions, [.. tags, new("gen_ai.token.type", "input")]);
        telemetry.Tokens.Record(answer.Ids.Count, [.. tags, new("gen_ai.token.type", "output")]);
        if (first is { } time) telemetry.FirstToken.Record(time.TotalSeconds, tags);
        activity?.SetTag("gen_ai.usage.input_tokens", answer.PromptPositions).SetTag("gen_ai.usage.output_tokens", answer.Ids.Count)
            .SetTag("gen_ai.response.finish_reasons", new[] { ChatSettings.Finish(answer.Stop).Value });
    }

    /// <summary>Does a step of the work; a failure is the operation's.</summary>
    public async ValueTask<T> Step<T>(Func<ValueTask<T>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            error = e.GetType().FullName;
            activity?.SetStatus(ActivityStatusCode.Error, e.Message);
            throw;
        }
    }

    public void Dispose()
    {
        if (error == null) telemetry.Duration.Record(Elapsed.TotalSeconds, tags);
        else telemetry.Duration.Record(Elapsed.TotalSeconds, [.. tags, new("error.type", error)]);
        if (error != null) activity?.SetTag("error.type", error);
        activity?.Dispose();
    }
}
