using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>The work of a <see cref="LanguageEngine"/>, on its thread: a piece of a prompt, then steps of up to eight answers.</summary>
/// <remarks>What fails fails the answers that it was for, and no other.</remarks>
internal sealed class EngineRounds(VideoLlava model) : IDisposable
{
    private readonly Queue<Turn> prefilling = [];
    private readonly List<Turn> decoding = [];
    private DecodeLoop? loop;
    private Matrix? logits; // (1, V) of a prompt's last position

    public bool IsIdle => prefilling.Count == 0 && decoding.Count == 0;

    /// <summary>Whether a round has anything to do: not where all wait for their readers.</summary>
    public bool HasWork => prefilling.Count > 0 || decoding.Exists(turn => turn.IsReady);

    public void Admit(Turn turn)
    {
        if (Try([turn], turn.Begin)) prefilling.Enqueue(turn);
    }

    public void Run()
    {
        EndCancelled();
        if (prefilling.TryDequeue(out Turn? turn)) Try([turn], () => Prefill(turn));
        Turn[] together = [.. decoding.Where(turn => turn.IsReady).Take(VideoLlava.DecodeRows)];
        if (together.Length == 0) return;
        Try(together, () => Decode(together));
        // Others come first next time, if there are others.
        foreach (Turn taken in together) decoding.Remove(taken);
        decoding.AddRange(together.Where(taken => !taken.IsOver));
    }

    /// <summary>Ends every answer where it is.</summary>
    public void EndAll()
    {
        foreach (Turn turn in prefilling.Concat(decoding)) turn.End(StopReason.Cancelled);
        prefilling.Clear();
        decoding.Clear();
    }

    public void Dispose()
    {
        loop?.Dispose();
        logits?.Buffer.Dispose();
    }

    private void EndCancelled()
    {
        for (int waiting = prefilling.Count; waiting > 0; waiting--)
        {
            Turn turn = prefilling.Dequeue();
            if (turn.IsCancelled) turn.End(StopReason.Cancelled);
            else prefilling.Enqueue(turn);
        }
        foreach (Turn turn in decoding.Where(turn => turn.IsCancelled)) turn.End(StopReason.Cancelled);
        decoding.RemoveAll(turn => turn.IsOver);
    }

    /// <summary>The next piece of a prompt; after the last one the first id.</summary>
    private void Prefill(Turn turn)
    {
        logits ??= model.Device.AllocateMatrix(1, model.Config.Language.Vocabulary);
        loop ??= new DecodeLoop(model);
        if (!model.PrefillPiece(turn.Prompt, turn.Memory.State, logits.Value))
        {
            prefilling.Enqueue(turn);
            return;
        }
        turn.BeginAnswer();
        turn.Take(loop.First(turn.Memory.Row, logits.Value));
        if (!turn.IsOver) decoding.Add(turn);
    }

    private void Decode(Turn[] together)
    {
        int count = together.Length, steps = Math.Min(loop!.Steps, together.Min(turn => turn.StepsLeft));
        if (Array.Exists(together, turn => turn.Memory.Row.IsOnHost)) steps = 1;
        int[] next = new int[steps * count];
        loop.Run([.. together.Select(turn => turn.Memory.Row)], [.. together.Select(turn => turn.Last)], next);
        for (int i = 0; i < next.Length; i++)
        {
            Turn turn = together[i % count];
            int id = next[i];
            if (!turn.IsOver) Try([turn], () => turn.Take(id)); // what comes after the end is unwanted
        }
    }

    /// <summary>Whether it went well; if not, the answers fail by it.</summary>
    private static bool Try(Turn[] turns, Action work)
    {
        try
        {
            work();
            return true;
        }
        catch (Exception e)
        {
            foreach (Turn turn in turns.Where(turn => !turn.IsOver)) turn.Fail(e);
            return false;
        }
    }
}
