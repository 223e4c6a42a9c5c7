using System.Diagnostics;
using EdgeVideoLlava.Kernels;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Text;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>Answers one prompt after another for one conversation, keeping what the next prompt shares with the last in the KV cache.</summary>
/// <remarks>One thread at a time. Greedy decoding reads one id a token from the device, sampling reads the logits.</remarks>
public sealed class Generator : IDisposable
{
    private readonly VideoLlava model;
    private readonly TextTokenizer tokenizer;
    private readonly LlamaState state;
    private readonly IntVector next;
    private readonly Matrix logits, score;
    private readonly float[] hostLogits;
    private readonly int sampledRows;
    private MergedPrompt? cached;

    public Generator(VideoLlava model, TextTokenizer tokenizer)
    {
        (this.model, this.tokenizer) = (model, tokenizer);
        int vocabulary = model.Config.Language.Vocabulary;
        state = model.CreateState();
        next = model.Device.AllocateInts(1);
        logits = model.Device.AllocateMatrix(1, vocabulary);
        score = model.Device.AllocateMatrix(1, 1);
        hostLogits = new float[vocabulary];
        sampledRows = Math.Min(vocabulary, tokenizer.FirstUnsampledId);
    }

    /// <summary>Prefills what is new in the prompt, then generates until something stops it.</summary>
    /// <param name="prompt">Becomes the generator's: the answer's ids are appended to it.</param>
    /// <param name="text">Receives the answer as it grows, never half a character.</param>
    /// <param name="cancel">Ends the answer where it is (<see cref="StopReason.Cancelled"/>); during the prefill it stays empty.</param>
    /// <exception cref="BadInputException">An option is out of range, or the prompt does not fit into the context.</exception>
    /// <exception cref="DeviceFailedException">The model's scores are no numbers.</exception>
    public Answer Run(MergedPrompt prompt, GenerationOptions options, string? templateStop, Action<string>? text = null, CancellationToken cancel = default)
    {
        long started = Stopwatch.GetTimestamp();
        options.Validate();
        Sampler? sampler = options.Sampling.IsGreedy ? null : new Sampler(options.Sampling, hostLogits.Length, sampledRows);
        var output = new AnswerText(tokenizer, model.Config.EndTokenId, options, templateStop, text);
        int promptLength = prompt.Length, prefilled = Prefill(prompt, cancel);
        var ids = new List<int>();
        long first = Stopwatch.GetTimestamp();
        StopReason? stop = cached == null ? StopReason.Cancelled : null;
        while (stop == null)
        {
            int id = Next(sampler, prompt);
            if (ids.Count == 0) first = Stopwatch.GetTimestamp();
            ids.Add(id);
            stop = output.Add(id) ?? Limit(ids.Count, options.MaxTokens, cancel);
            if (stop == null) Decode(prompt, id);
        }
        return new Answer(output.Finish(), ids, stop.Value)
        {
            PromptPositions = promptLength,
            PrefilledPositions = prefilled,
            FirstToken = Stopwatch.GetElapsedTime(started, first),
            Generate = Stopwatch.GetElapsedTime(first),
        };
    }

    private StopReason? Limit(int tokens, int maximum, CancellationToken cancel)
    {
        if (tokens >= maximum) return StopReason.MaxTokens;
        if (state.Length == state.Context) return StopReason.Context;
        return cancel.IsCancellationRequested ? StopReason.Cancelled : null;
    }

    public void Dispose()
    {
        state.Dispose();
        next.Buffer.Dispose();
        logits.Buffer.Dispose();
        score.Buffer.Dispose();
    }

    /// <summary>Positions that were new. Cancelled, nothing counts as cached.</summary>
    private int Prefill(MergedPrompt prompt, CancellationToken cancel)
    {
        if (prompt.Length >= state.Context)
        {
            throw new BadInputException($"the prompt takes {prompt.Length} positions, the model has {state.Context}: {prompt.Length - state.Context + 1} too many "
                + "with one left for the answer; use fewer pictures or turns");
        }
        // The last position is computed again even if nothing is new: its logits are needed.
        int common = cached == null ? 0 : Math.Min(prompt.CommonPrefix(cached), prompt.Length - 1);
        cached = null;
        state.Truncate(common);
        int prefilled = prompt.Length - state.Length;
        try
        {
            model.Prefill(prompt, state, logits, cancel: cancel);
            cached = prompt;
        }
        catch (OperationCanceledException)
        {
            prefilled = state.Length - common;
        }
        return prefilled;
    }

    private void Decode(MergedPrompt prompt, int id)
    {
        model.LanguageQueue.Write([id], next);
        model.Decode([state], next, logits);
        prompt.Append(id);
    }

    private int Next(Sampler? sampler, MergedPrompt history)
    {
        if (sampler != null)
        {
            model.LanguageQueue.Read(logits, hostLogits);
            return sampler.Next(hostLogits, history.IdSpan);
        }
        TopK.Run(model.LanguageQueue, logits, sampledRows, next, score);
        Span<int> id = stackalloc int[1];
        Span<float> logProbability = stackalloc float[1];
        model.LanguageQueue.Read(next, id);
        model.LanguageQueue.Read(score, logProbability);
        // One NaN or infinity among the logits spoils the sum of the soft-max, and so this.
        return float.IsFinite(logProbability[0]) ? id[0] : throw Sampler.NoNumber();
    }
}
