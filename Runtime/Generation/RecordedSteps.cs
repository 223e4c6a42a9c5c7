using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>Decode steps on the same memory: recorded once and given again as one piece of work (a CUDA graph).</summary>
/// <param name="give">Gives the steps one by one.</param>
internal sealed class RecordedSteps(VideoLlava model, Action give) : IDisposable
{
    private readonly object?[] memory = new object?[2 * VideoLlava.DecodeRows]; // of the last steps: each row's cache and sampler
    private int arenaVersion;
    private RecordedWork? recorded;

    /// <summary>Whether the last steps were one call of the driver.</summary>
    public bool IsOneCall => recorded?.IsOneCall == true;

    public void Give(ReadOnlySpan<DecodeRow> rows)
    {
        // The second time, nothing is allocated or compiled any more: a CUDA stream in capture would bear neither.
        if (IsWhereItWas(rows) && recorded == null)
        {
            recorded = model.LanguageQueue.Record(give);
            IsWhereItWas(rows); // something may have moved while it was recorded
        }
        if (recorded != null) recorded.Replay();
        else give();
        IsWhereItWas(rows);
    }

    /// <summary>Whether all that steps read and write is where it was at the last call; if not, what was recorded is dropped.</summary>
    public bool IsWhereItWas(ReadOnlySpan<DecodeRow> rows)
    {
        bool moved = arenaVersion != model.LanguageArena.Version;
        arenaVersion = model.LanguageArena.Version;
        for (int i = 0; i < VideoLlava.DecodeRows; i++)
        {
            DecodeRow? row = i < rows.Length ? rows[i] : null;
            moved |= Replace(ref memory[2 * i], row?.State.Caches[0].Keys.Numbers.Buffer);
            moved |= Replace(ref memory[2 * i + 1], row?.Drawing);
        }
        if (moved || recorded is { IsCurrent: false }) Dispose();
        return !moved;
    }

    public void Dispose()
    {
        recorded?.Dispose();
        recorded = null;
    }

    private static bool Replace(ref object? old, object? now)
    {
        bool other = !ReferenceEquals(old, now);
        old = now;
        return other;
    }
}
