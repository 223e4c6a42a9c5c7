using System.Diagnostics;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Errors;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Text;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>Answers one prompt after another for one conversation, keeping what the next prompt shares with the last in the KV cache.</summary>
/// <remarks>One thread at a time. Decoding is a <see cref="DecodeLoop"/>'s, a few ids ahead of the answer; sampling that no <see cref="DeviceSampler"/> serves reads the logits of every token.</remarks>
public sealed class Generator : IDisposable
{
    private readonly VideoLlava model;
    private readonly TextTokenizer tokenizer;
    private readonly LlamaState state;
    private readonly IntVector next;
    private readonly Matrix logits, score;
    private readonly float[] hostLogits;
    private readonly int sampledRows;
    private readonly DecodeLoop loop;
    private readonly int[] ahead;
    private int used, computed;
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
        loop = new DecodeLoop(model, state, sampledRows);
        ahead = new int[loop.Steps];
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
        bool onHost = sampler != null && !DeviceSampler.Serves(options.Sampling, model.Device);
        var output = new AnswerText(tokenizer, model.Config.EndTokenId, options, templateStop, text);
        int promptLength = prompt.Length, prefilled = Prefill(prompt, cancel);
        var ids = new List<int>();
        long first = Stopwatch.GetTimestamp();
        StopReason? stop = cached == null ? StopReason.Cancelled : null;
        while (stop == null)
        {
            int id = ids.Count > 0 && !onHost ? ahead[used++] : sampler != null ? Sampled(sampler, prompt) : Likeliest();
            if (ids.Count == 0)
            {
                first = Stopwatch.GetTimestamp();
                if (!onHost) loop.Begin(sampler == null ? null : options.Sampling, [.. prompt.IdSpan, id], sampler?.State ?? 0);
            }
            ids.Add(id);
            stop = output.Add(id) ?? Limit(ids.Count, prompt.Length, options.MaxTokens, cancel);
            if (stop == null) Decode(prompt, id, onHost, options.MaxTokens - ids.Count);
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
        loop.Dispose();
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
        (used, computed) = (0, 0);
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

    /// <param name="wanted">Tokens that the answer may still have.</param>
    private void Decode(MergedPrompt prompt, int id, bool onHost, int wanted)
    {
        if (onHost)
        {
            model.LanguageQueue.Write([id], next);
            model.Decode([state], next, logits);
        }
        else if (used == computed)
        {
            (used, computed) = (0, Math.Min(Math.Min(loop.Steps, wanted), state.Context - state.Length));
            loop.Run(id, ahead.AsSpan(0, computed));
        }
        prompt.Append(id);
    }

    private int Sampled(Sampler sampler, MergedPrompt history)
    {
        model.LanguageQueue.Read(logits, hostLogits);
        return sampler.Next(hostLogits, history.IdSpan);
    }

    private int Likeliest()
    {
        TopK.Run(model.LanguageQueue, logits, sampledRows, next, score);
        Span<int> id = stackalloc int[1];
        Span<float> logProbability = stackalloc float[1];
        model.LanguageQueue.Read(next, id);
        model.LanguageQueue.Read(score, logProbability);
        // One NaN or infinity among the logits spoils the sum of the soft-max, and so this.
        return float.IsFinite(logProbability[0]) ? id[0] : throw Sampler.NoNumber();
    }
}
