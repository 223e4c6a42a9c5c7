using EdgeVideoLlava.Runtime.Generation;
using Microsoft.Extensions.AI;

namespace EdgeVideoLlava.Extensions;

/// <summary>The options of a request in the library's own terms.</summary>
internal static class ChatSettings
{
    /// <param name="defaults">For what the request leaves open.</param>
    /// <param name="model">The only one that may be asked for.</param>
    /// <exception cref="NotSupportedException">The request wants what this model or client cannot do; which, is said.</exception>
    public static GenerationOptions Of(ChatOptions? asked, GenerationOptions defaults, string model)
    {
        if (asked != null && Unsupported(asked, model) is { } what) throw new NotSupportedException($"ChatOptions.{what}");
        SamplingOptions sampling = defaults.Sampling;
        var options = defaults with
        {
            MaxTokens = asked?.MaxOutputTokens ?? defaults.MaxTokens,
            StopStrings = asked?.StopSequences is { Count: > 0 } stops ? [.. defaults.StopStrings, .. stops] : defaults.StopStrings,
            Sampling = sampling with
            {
                Temperature = asked?.Temperature ?? sampling.Temperature,
                TopK = asked?.TopK ?? sampling.TopK,
                TopP = asked?.TopP ?? sampling.TopP,
                Seed = (ulong)(asked?.Seed ?? Random.Shared.NextInt64()),
            },
        };
        options.Validate();
        return options;
    }

    public static ChatFinishReason Finish(StopReason stop) => stop switch
    {
        StopReason.MaxTokens or StopReason.Context => ChatFinishReason.Length,
        StopReason.Loop => new ChatFinishReason("loop"),
        _ => ChatFinishReason.Stop,
    };

#pragma warning disable MEAI001 // options that may still change are refused as well
    private static string? Unsupported(ChatOptions asked, string model)
    {
        if (asked.Tools is { Count: > 0 }) return $"{nameof(asked.Tools)}: the model calls no tools; leave them out";
        if (asked.ResponseFormat is not (null or ChatResponseFormatText))
            return $"{nameof(asked.ResponseFormat)}: the model answers in plain text only; leave it out";
        if (asked.FrequencyPenalty is not (null or 0) || asked.PresencePenalty is not (null or 0))
        {
            return $"{nameof(asked.FrequencyPenalty)}, {nameof(asked.PresencePenalty)}: there is a repetition penalty alone, "
                + $"{nameof(EdgeVideoLlavaOptions)}.{nameof(EdgeVideoLlavaOptions.Generation)}.Sampling.RepetitionPenalty";
        }
        if (asked.ModelId != null && asked.ModelId != model)
            return $"{nameof(asked.ModelId)}: '{asked.ModelId}' is not served here; '{model}' is";
        if (asked.ConversationId != null) return $"{nameof(asked.ConversationId)}: dialogues are not kept; send all messages each time";
        if (asked.Reasoning != null) return $"{nameof(asked.Reasoning)}: the model does not reason apart from its answer; leave it out";
        if (asked.AllowBackgroundResponses == true || asked.ContinuationToken != null)
            return $"{nameof(asked.AllowBackgroundResponses)}, {nameof(asked.ContinuationToken)}: answers come at once; leave them out";
        return null;
    }
#pragma warning restore MEAI001
}
