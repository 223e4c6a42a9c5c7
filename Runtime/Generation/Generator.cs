using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Text;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>Answers one prompt after another for one conversation; what the next shares with the last stays in the KV cache.</summary>
/// <remarks>One turn at a time; any number of generators of a model at once.</remarks>
internal sealed class Generator : IDisposable
{
    private readonly VideoLlava model;
    private readonly TextTokenizer tokenizer;

    /// <exception cref="ObjectDisposedException">The model has been disposed.</exception>
    public Generator(VideoLlava model, TextTokenizer tokenizer)
    {
        (this.model, this.tokenizer) = (model, tokenizer);
        Memory = model.Engine.CreateMemory(Math.Min(model.Config.Language.Vocabulary, tokenizer.FirstUnsampledId));
    }

    public ConversationMemory Memory { get; }

    /// <summary>Prefills what is new in the prompt, then generates until something stops it.</summary>
    /// <param name="prompt">Becomes the generator's: the answer's ids are appended to it.</param>
    /// <param name="text">Receives the answer as it grows, on this thread, never half a character; what it throws ends the answer.</param>
    /// <param name="cancel">Ends the answer where it is (<see cref="StopReason.Cancelled"/>); during the prefill it stays empty.</param>
    /// <exception cref="BadInputException">An option is out of range, or the prompt does not fit into the context.</exception>
    /// <exception cref="DeviceFailedException">The model's scores are not numbers.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed.</exception>
    public Answer Run(MergedPrompt prompt, GenerationOptions options, string? templateStop,
        Action<string>? text = null, CancellationToken cancel = default)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Answer answer = Begin(prompt, options, templateStop, text != null, stop.Token).Read(text, stop);
        // To whoever stopped reading an answer it is not complete, however far it has come.
        return cancel.IsCancellationRequested ? answer with { Stop = StopReason.Cancelled } : answer;
    }

    /// <summary>Gives a turn to the engine.</summary>
    /// <param name="withText">Whether <see cref="Turn.Words"/> will be read.</param>
    public Turn Begin(MergedPrompt prompt, GenerationOptions options, string? templateStop, bool withText, CancellationToken cancel)
    {
        options.Validate();
        TextFeed? words = withText ? new TextFeed(model.Engine.Wake) : null;
        var output = new AnswerText(tokenizer, model.Config.EndTokenId, options, templateStop, words == null ? null : words.Add);
        var turn = new Turn(Memory, prompt, options, output, words, cancel);
        model.Engine.Submit(turn);
        return turn;
    }

    /// <summary>How likely the model finds an answer to a prompt: mean log-probability of its ids in nats, at most 0.</summary>
    /// <param name="prompt">Becomes the generator's.</param>
    /// <exception cref="BadInputException">They do not fit into the context.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed.</exception>
    public double Score(MergedPrompt prompt, IReadOnlyList<int> ids, CancellationToken cancel)
    {
        var forced = new ForcedAnswer(Memory, prompt, ids, cancel);
        model.Engine.Submit(forced);
        return forced.Likelihood.GetAwaiter().GetResult();
    }

    /// <summary>Between turns.</summary>
    public void Dispose() => model.Engine.Release(Memory);
}
