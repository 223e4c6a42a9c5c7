using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Runtime.Language;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>Decoding of one conversation without a round trip a token: each step's id stays on the device, where the next step reads it.</summary>
/// <remarks>
/// Several steps are given at once and their ids read together; those that turn out unwanted are truncated by the caller. Steps on the same
/// memory are recorded once and given again as one piece of work (a CUDA graph). One thread at a time.
/// </remarks>
internal sealed class DecodeLoop : IDisposable
{
    private readonly VideoLlava model;
    private readonly LlamaState state;
    private readonly int candidates;
    private readonly IntVector ids;
    private readonly Matrix logits, scores;
    private readonly float[] hostScores;
    private readonly LlamaBatch[] batches;
    private readonly Action giveAll;
    private DeviceSampler? sampler;
    private RecordedWork? recorded;
    private (DeviceBuffer? Cache, int Arena, DeviceSampler? Sampler) memory; // of the last steps

    /// <param name="candidates">Ids from here on are never chosen.</param>
    /// <param name="steps">Given at once at most; null: what the device is made for.</param>
    public DecodeLoop(VideoLlava model, LlamaState state, int candidates, int? steps = null)
    {
        (this.model, this.state, this.candidates) = (model, state, candidates);
        Steps = steps ?? model.Device.StepsAhead;
        ids = model.Device.AllocateInts(Steps + 1);
        logits = model.Device.AllocateMatrix(1, model.Config.Language.Vocabulary);
        scores = model.Device.AllocateMatrix(Steps, 1);
        hostScores = new float[Steps];
        giveAll = () => GiveSteps(Steps);
        batches = [.. Enumerable.Range(0, Steps).Select(_ => new LlamaBatch(model.Device))];
    }

    public int Steps { get; }

    /// <summary>Whether the last full run was one call of the driver.</summary>
    public bool IsOneCall => recorded?.IsOneCall == true;

    /// <summary>How the ids of the next answer are chosen.</summary>
    /// <param name="sampling">Null: greedily. Else such as <see cref="DeviceSampler.Serves"/> on this device.</param>
    /// <param name="history">Ids so far, for the repetition penalty.</param>
    /// <param name="random">State of the random numbers.</param>
    public void Begin(SamplingOptions? sampling, ReadOnlySpan<int> history, ulong random)
    {
        int drawnAmong = sampling == null ? 0 : DeviceSampler.DrawnAmong(sampling);
        if (sampler?.K != drawnAmong)
        {
            sampler?.Dispose();
            sampler = sampling == null ? null : new DeviceSampler(model.Device, logits.Columns, candidates, drawnAmong);
        }
        sampler?.Begin(model.LanguageQueue, sampling!, history, random);
    }

    /// <summary>The ids that follow <paramref name="id"/>, at most <see cref="Steps"/>; the state then holds id and all of them but the last.</summary>
    /// <exception cref="BadInputException">They do not fit into the context.</exception>
    /// <exception cref="DeviceFailedException">The model's scores are no numbers.</exception>
    public void Run(int id, Span<int> next)
    {
        ComputeQueue queue = model.LanguageQueue;
        state.Require(next.Length);
        state.Reserve(queue, next.Length);
        queue.Write([id], ids.Range(0, 1));
        foreach (LlamaBatch batch in batches.AsSpan(0, next.Length))
        {
            batch.Clear();
            batch.Add(state, 1);
            batch.Upload(queue);
            state.Advance(1);
        }
        Give(next.Length);
        queue.Read(ids.Range(1, next.Length), next);
        queue.Read(scores.RowRange(0, next.Length), hostScores);
        foreach (float score in hostScores.AsSpan(0, next.Length))
        {
            // One NaN or infinity among the logits spoils the sum of the soft-max, and so this.
            if (!float.IsFinite(score)) throw Sampler.NoNumber();
        }
    }

    public void Dispose()
    {
        recorded?.Dispose();
        sampler?.Dispose();
        foreach (LlamaBatch batch in batches) batch.Dispose();
        ids.Buffer.Dispose();
        logits.Buffer.Dispose();
        scores.Buffer.Dispose();
    }

    private void Give(int steps)
    {
        DropStale();
        // The second time, nothing is allocated or compiled any more: a CUDA stream in capture would bear neither.
        if (steps == Steps && memory == Memory && recorded == null)
        {
            recorded = model.LanguageQueue.Record(giveAll);
            DropStale(); // should something have moved while it was recorded
        }
        if (steps == Steps && recorded != null) recorded.Replay();
        else GiveSteps(steps);
        memory = Memory;
    }

    /// <summary>What recorded steps read and write that may move.</summary>
    private (DeviceBuffer Cache, int Arena, DeviceSampler? Sampler) Memory => (state.Caches[0].Keys.Numbers.Buffer, model.LanguageArena.Version, sampler);

    private void DropStale()
    {
        if (recorded == null || (memory == Memory && recorded.IsCurrent)) return;
        recorded.Dispose();
        recorded = null;
    }

    private void GiveSteps(int steps)
    {
        ComputeQueue queue = model.LanguageQueue;
        Arena arena = model.LanguageArena;
        for (int i = 0; i < steps; i++)
        {
            using Arena.Scope scope = arena.Begin();
            Matrix embedding = arena.Take(1, model.Config.Language.Hidden), hidden = arena.Take(1, model.Config.Language.Hidden);
            model.Language.Embed(queue, ids.Range(i, 1), embedding);
            model.Language.Layers(queue, embedding, batches[i], arena, hidden);
            model.Language.Logits(queue, hidden, arena, logits);
            if (sampler == null) TopK.Run(queue, logits, candidates, ids.Range(i + 1, 1), scores.RowRange(i, 1));
            else sampler.Give(queue, logits, ids.Range(i + 1, 1), scores.RowRange(i, 1));
        }
    }
}
