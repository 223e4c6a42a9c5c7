using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>Decode steps on the same memory: recorded once and given again as one piece of work (a CUDA graph).</summary>
/// <param name="give">Gives the steps one by one.</param>
internal sealed class RecordedSteps(VideoLlava model, Action give) : IDisposable
{
    private readonly Places?[] places = new Places?[VideoLlava.DecodeRows]; // of the last steps' rows
    private int arenaVersion;
    private RecordedWork? recorded;

    /// <summary>Whether the last steps were one call of the driver.</summary>
    public bool IsOneCall => recorded?.IsOneCall == true;

    public void Give(ReadOnlySpan<DecodeRow> rows)
    {
        DropIfStale(rows);
        // The second time, nothing is allocated or compiled any more: a CUDA stream in capture allows neither.
        if (recorded == null && !HaveMoved(rows))
        {
            recorded = model.LanguageQueue.Record(give);
            DropIfStale(rows); // something may have moved while it was recorded
        }
        if (recorded != null) recorded.Replay();
        else give();
        Remember(rows);
    }

    /// <summary>Other steps than these were given: what they have moved is noted, and what was recorded on its memory dropped.</summary>
    public void Follow(ReadOnlySpan<DecodeRow> rows)
    {
        DropIfStale(rows);
        Remember(rows);
    }

    public void Dispose()
    {
        recorded?.Dispose();
        recorded = null;
    }

    private void DropIfStale(ReadOnlySpan<DecodeRow> rows)
    {
        if (recorded is { IsCurrent: false } || HaveMoved(rows)) Dispose();
    }

    /// <summary>Whether anything that steps read or write is elsewhere than it was after the last ones.</summary>
    private bool HaveMoved(ReadOnlySpan<DecodeRow> rows)
    {
        if (arenaVersion != model.LanguageArena.Version) return true;
        for (int i = 0; i < places.Length; i++)
        {
            if (places[i] != PlacesOf(rows, i)) return true;
        }
        return false;
    }

    private void Remember(ReadOnlySpan<DecodeRow> rows)
    {
        arenaVersion = model.LanguageArena.Version;
        for (int i = 0; i < places.Length; i++) places[i] = PlacesOf(rows, i);
    }

    private static Places? PlacesOf(ReadOnlySpan<DecodeRow> rows, int row)
        => row < rows.Length ? new Places(rows[row].State.Caches[0].Keys.Numbers.Buffer, rows[row].Drawing) : null;

    /// <summary>What a row's steps read and write of its own; compared as objects.</summary>
    private readonly record struct Places(DeviceBuffer Cache, DeviceSampler? Sampler);
}
