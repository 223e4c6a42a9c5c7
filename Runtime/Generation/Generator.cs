using System.Diagnostics;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Errors;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Text;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>Answers one prompt after another for one conversation; what the next shares with the last stays in the KV cache.</summary>
/// <remarks>One thread at a time.</remarks>
public sealed class Generator : IDisposable
{
    private readonly VideoLlava model;
    private readonly TextTokenizer tokenizer;
    private readonly LlamaState state;
    private readonly Matrix logits;
    private readonly HostTokens host;
    private readonly DeviceTokens device;
    private MergedPrompt? cached; // what the state holds

    public Generator(VideoLlava model, TextTokenizer tokenizer)
    {
        (this.model, this.tokenizer) = (model, tokenizer);
        int vocabulary = model.Config.Language.Vocabulary, candidates = Math.Min(vocabulary, tokenizer.FirstUnsampledId);
        state = model.CreateState();
        logits = model.Device.AllocateMatrix(1, vocabulary);
        host = new HostTokens(model, state, candidates);
        device = new DeviceTokens(model, state, candidates);
    }

    /// <summary>Prefills what is new in the prompt, then generates until something stops it.</summary>
    /// <param name="prompt">Becomes the generator's: the answer's ids are appended to it.</param>
    /// <param name="text">Receives the answer as it grows, never half a character.</param>
    /// <param name="cancel">Ends the answer where it is (<see cref="StopReason.Cancelled"/>); during the prefill it stays empty.</param>
    /// <exception cref="BadInputException">An option is out of range, or the prompt does not fit into the context.</exception>
    /// <exception cref="DeviceFailedException">The model's scores are not numbers.</exception>
    public Answer Run(MergedPrompt prompt, GenerationOptions options, string? templateStop,
        Action<string>? text = null, CancellationToken cancel = default)
    {
        long started = Stopwatch.GetTimestamp();
        options.Validate();
        TokenSource source = DeviceTokens.Serves(options.Sampling, model.Device) ? device : host;
        var output = new AnswerText(tokenizer, model.Config.EndTokenId, options, templateStop, text);
        int promptLength = prompt.Length, prefilled = Prefill(prompt, cancel);
        StopReason? stop = cached == null ? StopReason.Cancelled : null;
        List<int> ids = stop == null ? [source.First(options.Sampling, prompt, logits)] : [];
        long first = Stopwatch.GetTimestamp();
        while (stop == null)
        {
            stop = output.Add(ids[^1]) ?? Limit(ids.Count, prompt.Length, options.MaxTokens, cancel);
            if (stop != null) break;
            prompt.Append(ids[^1]);
            ids.Add(source.Next(prompt, options.MaxTokens - ids.Count));
        }
        return new Answer(output.Finish(), ids, stop.Value)
        {
            PromptPositions = promptLength,
            PrefilledPositions = prefilled,
            FirstToken = Stopwatch.GetElapsedTime(started, first),
            Generate = Stopwatch.GetElapsedTime(first),
        };
    }

    private StopReason? Limit(int tokens, int positions, int maximum, CancellationToken cancel)
    {
        if (tokens >= maximum) return StopReason.MaxTokens;
        if (positions == state.Context) return StopReason.Context;
        return cancel.IsCancellationRequested ? StopReason.Cancelled : null;
    }

    public void Dispose()
    {
        host.Dispose();
        device.Dispose();
        state.Dispose();
        logits.Buffer.Dispose();
    }

    /// <summary>Positions that were new. Cancelled, nothing counts as cached.</summary>
    private int Prefill(MergedPrompt prompt, CancellationToken cancel)
    {
        if (prompt.Length >= state.Context)
        {
            throw new BadInputException($"the prompt takes {prompt.Length} positions, the model has {state.Context}: "
                + $"{prompt.Length - state.Context + 1} too many with one left for the answer; use fewer pictures or turns");
        }
        // The last position is computed again even if nothing is new: its logits are needed.
        state.Truncate(cached == null ? 0 : Math.Min(prompt.CommonPrefix(cached), prompt.Length - 1));
        cached = null;
        int start = state.Length;
        try
        {
            model.Prefill(prompt, state, logits, cancel: cancel);
            cached = prompt;
        }
        catch (OperationCanceledException)
        {
            // The answer says so.
        }
        return state.Length - start;
    }
}
