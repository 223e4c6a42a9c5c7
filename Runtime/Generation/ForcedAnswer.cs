using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime.Language;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>How likely the model finds an answer that is given: it is prefilled behind its prompt (teacher forcing), and nothing is
/// generated.</summary>
/// <remarks>Whoever asks makes it and awaits <see cref="Likelihood"/>; the rest is the engine's, on its thread.</remarks>
internal sealed class ForcedAnswer
{
    private readonly TaskCompletionSource<double> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConversationMemory memory;
    private readonly MergedPrompt prompt;
    private readonly IReadOnlyList<int> ids;
    private readonly CancellationToken cancel;
    private Matrix? logits; // (ids, V)

    /// <param name="prompt">Becomes this one's: all ids but the last are appended to it.</param>
    /// <param name="ids">At least one.</param>
    /// <exception cref="BadInputException">They do not fit into the context.</exception>
    public ForcedAnswer(ConversationMemory memory, MergedPrompt prompt, IReadOnlyList<int> ids, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfZero(ids.Count);
        foreach (int id in ids.SkipLast(1)) prompt.Append(id);
        memory.Require(prompt);
        (this.memory, this.prompt, this.ids, this.cancel) = (memory, prompt, ids, cancel);
    }

    public ConversationMemory Memory => memory;

    /// <summary>Mean log-probability of the ids in nats, at most 0.</summary>
    public Task<double> Likelihood => done.Task;

    /// <summary>The next piece of the prefill; false: there are more.</summary>
    public bool Step(VideoLlava model)
    {
        try
        {
            cancel.ThrowIfCancellationRequested();
            if (logits == null)
            {
                memory.Begin(prompt, ids.Count);
                logits = model.Device.AllocateMatrix(ids.Count, model.Config.Language.Vocabulary);
            }
            if (!model.PrefillPiece(prompt, memory.State, logits.Value)) return false;
            memory.Holds(prompt);
            float[] rows = model.LanguageQueue.Read(logits.Value);
            int width = rows.Length / ids.Count;
            End(() => done.TrySetResult(ids.Select((id, i) => LogProbability(rows.AsSpan(i * width, width), id)).Average()));
        }
        catch (OperationCanceledException)
        {
            Cancel();
        }
        catch (Exception e)
        {
            End(() => done.TrySetException(e));
        }
        return true;
    }

    /// <summary>It is not wanted any more.</summary>
    public void Cancel() => End(() => done.TrySetCanceled(CancellationToken.None));

    private void End(Action tell)
    {
        logits?.Buffer.Dispose();
        logits = null;
        tell();
    }

    private static double LogProbability(ReadOnlySpan<float> logits, int id)
    {
        float largest = float.NegativeInfinity;
        foreach (float logit in logits) largest = Math.Max(largest, logit);
        double sum = 0;
        foreach (float logit in logits) sum += Math.Exp((double)logit - largest);
        return logits[id] - largest - Math.Log(sum);
    }
}
