using System.Runtime.CompilerServices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace EdgeVideoLlava.Extensions;

/// <summary>The model as an <see cref="IChatClient"/>: questions with pictures and clips in, words out.</summary>
/// <remarks>
/// Thread-safe. Nothing is kept between requests: each carries its whole dialogue, whose pictures and clips are encoded anew. System
/// messages and <see cref="ChatOptions.Instructions"/> take the place of the system prompt that the model was trained with. A request that
/// cannot be served is a <see cref="NotSupportedException"/>, one with bad input a <see cref="BadInputException"/>.
/// </remarks>
public sealed class AssistantChatClient(AssistantSource source, IOptions<EdgeVideoLlavaOptions> options, ChatTelemetry telemetry,
    ILogger<AssistantChatClient>? log = null) : IChatClient
{
    /// <summary>Key in the additional properties of a response and of its last update, where something was done differently than asked:
    /// a list of lines.</summary>
    public const string Notices = "notices";

    private readonly EdgeVideoLlavaOptions settings = options.Value;
    private readonly ILogger log = log ?? NullLogger<AssistantChatClient>.Instance;
    private readonly SemaphoreSlim places = new(options.Value.MostAtOnce);

    /// <inheritdoc/>
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        CancellationToken cancellationToken = default)
        => GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages,
        ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var operation = new ChatOperation(telemetry, settings.Model);
        await using IAsyncEnumerator<ChatResponseUpdate> updates = Answer(messages, options, operation, cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        while (await operation.Step(updates.MoveNextAsync).ConfigureAwait(false)) yield return updates.Current;
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        if (serviceKey != null) return null;
        if (serviceType == typeof(ChatClientMetadata)) return new ChatClientMetadata(ChatTelemetry.Provider, null, settings.Model);
        return serviceType == typeof(AssistantSource) ? source : serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <summary>Does nothing: the model ends with its container.</summary>
    public void Dispose()
    {
    }

    private async IAsyncEnumerable<ChatResponseUpdate> Answer(IEnumerable<ChatMessage> messages, ChatOptions? asked,
        ChatOperation operation, [EnumeratorCancellation] CancellationToken cancel)
    {
        GenerationOptions generation = ChatSettings.Of(asked, settings.Generation, settings.Model);
        operation.Asked(generation);
        var dialogue = new ChatDialogue(messages, asked?.Instructions, settings);
        Assistant assistant = await source.GetAsync(cancel).ConfigureAwait(false);
        await places.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            await using Conversation conversation
                = assistant.Start(dialogue.Template(settings.Template ?? PromptIds.DefaultTemplate(assistant.Config)));
            IReadOnlyList<string> notices = await dialogue.TellAsync(conversation, cancel).ConfigureAwait(false);
            string id = Guid.NewGuid().ToString("N");
            await foreach (string words in conversation.AskAsync(dialogue.Question, generation, cancel).ConfigureAwait(false))
            {
                operation.Words();
                yield return Update(id, new TextContent(words));
            }
            yield return Last(id, conversation.LastAnswer!, notices, operation);
        }
        finally
        {
            places.Release();
        }
    }

    private ChatResponseUpdate Last(string id, Answer answer, IReadOnlyList<string> notices, ChatOperation operation)
    {
        operation.Answered(answer);
        log.Answered(answer.Ids.Count, answer.PromptPositions, (operation.First ?? operation.Elapsed).TotalSeconds,
            operation.Elapsed.TotalSeconds, answer.Stop);
        ChatResponseUpdate last = Update(id, new UsageContent(new UsageDetails
        {
            InputTokenCount = answer.PromptPositions,
            OutputTokenCount = answer.Ids.Count,
            TotalTokenCount = answer.PromptPositions + answer.Ids.Count,
            CachedInputTokenCount = answer.PromptPositions - answer.PrefilledPositions,
        }));
        last.FinishReason = ChatSettings.Finish(answer.Stop);
        last.MessageId = null; // properties of an update without it belong to the whole response
        if (notices.Count > 0) last.AdditionalProperties = new() { [Notices] = notices };
        return last;
    }

    private ChatResponseUpdate Update(string id, AIContent content) => new(ChatRole.Assistant, [content])
    {
        MessageId = id,
        ResponseId = id,
        ModelId = settings.Model,
        CreatedAt = DateTimeOffset.UtcNow,
    };
}
