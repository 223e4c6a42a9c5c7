namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>How far a queue's work is known to be done, in tickets of its device: each piece of work given to any
/// queue has the next number.</summary>
/// <remarks>
/// A queue that has waited for others on the device knows of them too: when its own later work is done, theirs before it is. So memory that
/// a queue has used is released, and its host memory used again, though the host never waits for that queue itself. Thread-safe.
/// </remarks>
internal sealed class QueueProgress
{
    private readonly List<(QueueProgress Other, long Ticket)> followed = [];
    private long last, done;

    /// <summary>Ticket of the last work given.</summary>
    public long Last => Volatile.Read(ref last);

    /// <summary>Ticket up to which everything given is done.</summary>
    public long Done => Volatile.Read(ref done);

    /// <summary>Whether everything given up to a ticket is done.</summary>
    public bool Passed(long ticket) => Done >= Math.Min(ticket, Last);

    public void Give(long ticket) => Volatile.Write(ref last, ticket);

    /// <summary>Work that this queue was given as <paramref name="ticket"/> begins after all that the other has been
    /// given before.</summary>
    public void Follow(QueueProgress other, long ticket)
    {
        lock (followed)
        {
            followed.RemoveAll(earlier => earlier.Other == other);
            followed.Add((other, ticket));
        }
    }

    /// <summary>Everything given up to a ticket is done; so is what that work has waited for.</summary>
    public void Finish(long ticket)
    {
        long seen = Done;
        while (seen < ticket && Interlocked.CompareExchange(ref done, ticket, seen) is var before && before != seen) seen = before;
        (QueueProgress Other, long Ticket)[] passed;
        lock (followed)
        {
            passed = [.. followed.Where(earlier => earlier.Ticket <= ticket)];
            followed.RemoveAll(earlier => earlier.Ticket <= ticket);
        }
        foreach ((QueueProgress other, long at) in passed) other.Finish(at);
    }
}
