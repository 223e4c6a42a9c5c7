using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Errors;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Runtime.Language;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>Decoding without a round trip a token: each step's ids stay on the device, where the next step reads them.</summary>
/// <remarks>
/// One to eight conversations take their steps together. Several steps are given at once and their ids read together; those that turn out
/// unwanted are truncated by the caller. Steps on the same memory are recorded once and given again as one piece of work (a CUDA graph).
/// One thread at a time.
/// </remarks>
internal sealed class DecodeLoop : IDisposable
{
    private readonly VideoLlava model;
    private readonly LlamaState[] states;
    private readonly DeviceSampler?[] samplers; // null: greedily
    private readonly int candidates;
    private readonly IntVector ids; // (steps + 1, conversations)
    private readonly Matrix logits; // (conversations, V)
    private readonly Matrix scores; // (steps · conversations, 1)
    private readonly float[] hostScores;
    private readonly LlamaBatch[] batches; // one a step
    private readonly DeviceBuffer?[] caches; // of the last steps, as the two after it
    private readonly DeviceSampler?[] lastSamplers;
    private int arenaVersion;
    private readonly Action giveAll;
    private RecordedWork? recorded;

    /// <param name="candidates">Ids from this one on are never chosen.</param>
    /// <param name="steps">Given at once at most; null: what the device is made for.</param>
    public DecodeLoop(VideoLlava model, LlamaState[] states, int candidates, int? steps = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(states.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(states.Length, VideoLlava.DecodeRows);
        (this.model, this.states, this.candidates) = (model, states, candidates);
        Steps = steps ?? model.Device.StepsAhead;
        samplers = new DeviceSampler?[states.Length];
        ids = model.Device.AllocateInts((Steps + 1) * states.Length);
        logits = model.Device.AllocateMatrix(states.Length, model.Config.Language.Vocabulary);
        scores = model.Device.AllocateMatrix(Steps * states.Length, 1);
        hostScores = new float[scores.Rows];
        batches = [.. Enumerable.Range(0, Steps).Select(_ => new LlamaBatch(model.Device))];
        caches = new DeviceBuffer?[states.Length];
        lastSamplers = new DeviceSampler?[states.Length];
        giveAll = () => GiveSteps(Steps);
    }

    public int Steps { get; }

    /// <summary>Whether the last full run was one call of the driver.</summary>
    public bool IsOneCall => recorded?.IsOneCall == true;

    /// <summary>How the ids of a conversation's next answer are chosen.</summary>
    /// <param name="sampling">Null: greedily. Otherwise options that <see cref="DeviceSampler.Serves"/> accepts on this device.</param>
    /// <param name="history">Ids so far, for the repetition penalty; those that are chosen here join it.</param>
    public void Begin(int conversation, SamplingOptions? sampling, ReadOnlySpan<int> history)
    {
        ref DeviceSampler? sampler = ref samplers[conversation];
        int drawnAmong = sampling == null ? 0 : DeviceSampler.DrawnAmong(sampling);
        if ((sampler?.K ?? 0) != drawnAmong)
        {
            sampler?.Dispose();
            sampler = sampling == null ? null : new DeviceSampler(model.Device, logits.Columns, candidates, drawnAmong);
        }
        sampler?.Begin(model.LanguageQueue, sampling!, history);
    }

    /// <summary>A conversation's first id, chosen from the logits of its prompt's last position.</summary>
    /// <param name="last">(1, V); they change.</param>
    /// <exception cref="DeviceFailedException">The model's scores are not numbers.</exception>
    public int First(int conversation, Matrix last)
    {
        Span<int> id = stackalloc int[1];
        Choose(conversation, last, ids.Range(0, 1), scores.RowRange(0, 1));
        Read(ids.Range(0, 1), id);
        return id[0];
    }

    /// <summary>The ids after <paramref name="last"/>, of at most <see cref="Steps"/> steps; the states hold all but the newest.</summary>
    /// <param name="last">(conversations)</param>
    /// <param name="next">(steps, conversations)</param>
    /// <exception cref="BadInputException">They do not fit into a context; no state has changed.</exception>
    /// <exception cref="DeviceFailedException">The model's scores are not numbers.</exception>
    public void Run(ReadOnlySpan<int> last, Span<int> next)
    {
        ComputeQueue queue = model.LanguageQueue;
        int steps = next.Length / states.Length;
        foreach (LlamaState state in states) state.Require(steps);
        foreach (LlamaState state in states) state.Reserve(queue, steps);
        queue.Write(last, ids.Range(0, states.Length));
        foreach (LlamaBatch batch in batches.AsSpan(0, steps))
        {
            batch.Clear();
            foreach (LlamaState state in states) batch.Add(state, 1);
            batch.Begin(queue);
            batch.End();
        }
        Give(steps);
        Read(ids.Range(states.Length, next.Length), next);
    }

    public void Dispose()
    {
        recorded?.Dispose();
        foreach (DeviceSampler? sampler in samplers) sampler?.Dispose();
        foreach (LlamaBatch batch in batches) batch.Dispose();
        ids.Buffer.Dispose();
        logits.Buffer.Dispose();
        scores.Buffer.Dispose();
    }

    private void Give(int steps)
    {
        DropStale();
        // The second time, nothing is allocated or compiled any more: a CUDA stream in capture allows neither.
        if (steps == Steps && recorded == null && !HasMoved())
        {
            recorded = model.LanguageQueue.Record(giveAll);
            DropStale(); // should something have moved while it was recorded
        }
        if (steps == Steps && recorded != null) recorded.Replay();
        else GiveSteps(steps);
        RememberPlaces();
    }

    /// <summary>Whether anything that recorded steps read or write is elsewhere than it was after the last steps.</summary>
    private bool HasMoved()
    {
        if (arenaVersion != model.LanguageArena.Version) return true;
        for (int i = 0; i < states.Length; i++)
        {
            if (caches[i] != Cache(i) || lastSamplers[i] != samplers[i]) return true;
        }
        return false;
    }

    private void RememberPlaces()
    {
        arenaVersion = model.LanguageArena.Version;
        for (int i = 0; i < states.Length; i++) (caches[i], lastSamplers[i]) = (Cache(i), samplers[i]);
    }

    private DeviceBuffer Cache(int conversation) => states[conversation].Caches[0].Keys.Numbers.Buffer;

    private void DropStale()
    {
        if (recorded == null || (recorded.IsCurrent && !HasMoved())) return;
        recorded.Dispose();
        recorded = null;
    }

    private void GiveSteps(int steps)
    {
        int count = states.Length;
        for (int step = 0; step < steps; step++)
        {
            model.Step(batches[step], ids.Range(step * count, count), logits);
            IntVector chosen = ids.Range((step + 1) * count, count);
            Matrix score = scores.RowRange(step * count, count);
            if (Array.TrueForAll(samplers, sampler => sampler == null)) TopK.Run(model.LanguageQueue, logits, candidates, chosen, score);
            else for (int i = 0; i < count; i++) Choose(i, logits.RowRange(i, 1), chosen.Range(i, 1), score.RowRange(i, 1));
        }
    }

    private void Choose(int conversation, Matrix logits, IntVector id, Matrix score)
    {
        if (samplers[conversation] is { } sampler) sampler.Give(model.LanguageQueue, logits, id, score);
        else TopK.Run(model.LanguageQueue, logits, candidates, id, score);
    }

    /// <summary>Ids that were chosen, and whether they mean anything.</summary>
    private void Read(IntVector chosen, Span<int> host)
    {
        model.LanguageQueue.Read(chosen, host);
        Span<float> read = hostScores.AsSpan(0, host.Length);
        model.LanguageQueue.Read(scores.RowRange(0, host.Length), read);
        foreach (float score in read)
        {
            // One NaN or infinity among the logits spoils the sum of the soft-max, and so this.
            if (!float.IsFinite(score)) throw Sampler.NoNumber();
        }
    }
}
