using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Runtime.Language;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>Decode steps of one to eight conversations together, which may be others from call to call.</summary>
/// <remarks>
/// Where the device chooses, each step's ids stay there and the next step reads them: several steps are given at once and their ids read
/// together; those that turn out unwanted are truncated by the caller. One thread at a time.
/// </remarks>
internal sealed class DecodeLoop : IDisposable
{
    private readonly VideoLlava model;
    private readonly DecodeRow[] rows = new DecodeRow[VideoLlava.DecodeRows];
    private readonly IntVector ids; // (steps + 1, conversations)
    private readonly Matrix logits; // (conversations, V)
    private readonly Matrix scores; // (steps · conversations, 1)
    private readonly float[] hostScores;
    private readonly LlamaBatch[] batches; // one a step
    private readonly RecordedSteps recorded;
    private int count;

    /// <param name="steps">Given at once at most; null: what the device is made for.</param>
    public DecodeLoop(VideoLlava model, int? steps = null)
    {
        this.model = model;
        Steps = steps ?? model.Device.StepsAhead;
        ids = model.Device.AllocateInts((Steps + 1) * rows.Length);
        logits = model.Device.AllocateMatrix(rows.Length, model.Config.Language.Vocabulary);
        scores = model.Device.AllocateMatrix(Steps * rows.Length, 1);
        hostScores = new float[scores.Rows];
        batches = [.. Enumerable.Range(0, Steps).Select(_ => new LlamaBatch(model.Device))];
        recorded = new RecordedSteps(model, () => GiveSteps(Steps));
    }

    public int Steps { get; }

    /// <summary>Whether the last full run was one call of the driver.</summary>
    public bool IsOneCall => recorded.IsOneCall;

    private ReadOnlySpan<DecodeRow> Rows => rows.AsSpan(0, count);

    /// <summary>A conversation's first id, chosen from the logits of its prompt's last position.</summary>
    /// <param name="last">(1, V); they change.</param>
    /// <returns><see cref="DecodeRow.NoNumber"/> if the scores are none.</returns>
    public int First(DecodeRow row, Matrix last)
    {
        if (row.IsOnHost) return row.ChooseOnHost(last);
        Span<int> id = stackalloc int[1];
        row.Choose(last, ids.Range(0, 1), scores.RowRange(0, 1));
        Read(0, 0, id);
        return id[0];
    }

    /// <summary>The ids after <paramref name="last"/>, of at most <see cref="Steps"/> steps; the states hold all but the newest.</summary>
    /// <param name="conversations">One to eight different ones; where the host chooses for any of them, one step at a time.</param>
    /// <param name="last">(conversations)</param>
    /// <param name="next">(steps, conversations); <see cref="DecodeRow.NoNumber"/> from where a conversation's scores are none.</param>
    /// <exception cref="BadInputException">They do not fit into a context; no state has changed.</exception>
    public void Run(ReadOnlySpan<DecodeRow> conversations, ReadOnlySpan<int> last, Span<int> next)
    {
        ArgumentOutOfRangeException.ThrowIfZero(conversations.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(conversations.Length, rows.Length);
        conversations.CopyTo(rows);
        count = conversations.Length;
        int steps = next.Length / count;
        MakeRoom(steps);
        model.LanguageQueue.Write(last, ids.Range(0, count));
        if (Array.FindIndex(rows, 0, count, row => row.IsOnHost) >= 0) StepForHost(next);
        else
        {
            if (steps == Steps) recorded.Give(Rows);
            else
            {
                GiveSteps(steps);
                recorded.Follow(Rows);
            }
            Read(count, 0, next);
        }
    }

    public void Dispose()
    {
        recorded.Dispose();
        foreach (LlamaBatch batch in batches) batch.Dispose();
        ids.Buffer.Dispose();
        logits.Buffer.Dispose();
        scores.Buffer.Dispose();
    }

    /// <summary>Room in the caches and positions for the steps, before anything is given.</summary>
    private void MakeRoom(int steps)
    {
        ComputeQueue queue = model.LanguageQueue;
        foreach (DecodeRow row in Rows) row.State.Require(steps);
        foreach (DecodeRow row in Rows) row.State.Reserve(queue, steps);
        foreach (LlamaBatch batch in batches.AsSpan(0, steps))
        {
            batch.Clear();
            foreach (DecodeRow row in Rows) batch.Add(row.State, 1);
            batch.Begin(queue);
            batch.End();
        }
    }

    private void GiveSteps(int steps)
    {
        int candidates = rows[0].Candidates;
        bool greedy = Array.FindIndex(rows, 0, count, row => row.Drawing != null || row.Candidates != candidates) < 0;
        for (int step = 0; step < steps; step++)
        {
            Matrix stepLogits = logits.RowRange(0, count);
            model.Step(batches[step], ids.Range(step * count, count), stepLogits);
            if (greedy) TopK.Run(model.LanguageQueue, stepLogits, candidates, ids.Range((step + 1) * count, count),
                scores.RowRange(step * count, count));
            else for (int i = 0; i < count; i++) Choose(step, i);
        }
    }

    /// <summary>One step, of which the host reads the logits of those that it chooses for.</summary>
    private void StepForHost(Span<int> next)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(next.Length, count);
        model.Step(batches[0], ids.Range(0, count), logits.RowRange(0, count));
        for (int i = 0; i < count; i++)
        {
            if (!rows[i].IsOnHost) Choose(0, i);
        }
        for (int i = 0; i < count; i++)
        {
            if (rows[i].IsOnHost) next[i] = rows[i].ChooseOnHost(logits.RowRange(i, 1));
            else Read(count + i, i, next.Slice(i, 1));
        }
    }

    private void Choose(int step, int row)
        => rows[row].Choose(logits.RowRange(row, 1), ids.Range((step + 1) * count + row, 1), scores.RowRange(step * count + row, 1));

    /// <summary>Ids that the device chose, and whether they mean anything.</summary>
    private void Read(int firstId, int firstScore, Span<int> host)
    {
        model.LanguageQueue.Read(ids.Range(firstId, host.Length), host);
        Span<float> read = hostScores.AsSpan(0, host.Length);
        model.LanguageQueue.Read(scores.RowRange(firstScore, host.Length), read);
        for (int i = 0; i < host.Length; i++)
        {
            // One NaN or infinity among the logits spoils the sum of the soft-max, and so this.
            if (!float.IsFinite(read[i])) host[i] = DecodeRow.NoNumber;
        }
    }
}
