namespace EdgeVideoLlava.Tests.Ptx.Execution;

/// <summary>An asynchronous copy of 16 bytes.</summary>
/// <param name="Bytes">Read from the source; the rest is zeros.</param>
internal readonly record struct AsyncCopy(ulong Target, long Source, int Bytes);

/// <summary>The copies that a lane has begun, in groups; each is done as late as the waits allow.</summary>
internal sealed class LaneCopies
{
    private readonly Queue<List<AsyncCopy>> groups = new();
    private List<AsyncCopy> open = [];

    public bool Any => open.Count > 0 || groups.Any(group => group.Count > 0);

    public void Begin(AsyncCopy copy) => open.Add(copy);

    /// <summary>What was begun since the last call is a group, maybe an empty one.</summary>
    public void Commit()
    {
        groups.Enqueue(open);
        open = [];
    }

    /// <summary>The copies that are done after a wait which leaves so many groups.</summary>
    public IEnumerable<AsyncCopy> Wait(int left)
    {
        while (groups.Count > left)
        {
            foreach (AsyncCopy copy in groups.Dequeue()) yield return copy;
        }
    }
}
