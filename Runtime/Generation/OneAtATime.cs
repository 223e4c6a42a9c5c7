namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>Lets one caller at a time in, refuses others at once, and when closed releases as soon as nobody is inside.</summary>
/// <param name="owner">Named by exceptions.</param>
/// <param name="release">Called once.</param>
internal sealed class OneAtATime(string owner, Action release)
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource closing = new();
    private bool isInside, isClosed, isReleased;

    /// <summary>Cancelled when it is closed.</summary>
    public CancellationToken Closing => closing.Token;

    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public void ThrowIfClosed()
    {
        if (isClosed) throw new ObjectDisposedException(owner);
    }

    /// <exception cref="InvalidOperationException">Somebody is inside.</exception>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public Visit Enter()
    {
        lock (gate)
        {
            ThrowIfClosed();
            if (isInside) throw new InvalidOperationException($"this {owner} is busy: it does one thing at a time; await its answer first");
            isInside = true;
        }
        return new Visit(this);
    }

    /// <summary>Cancels who is inside and lets nobody in any more. Does not wait.</summary>
    public void Close()
    {
        lock (gate)
        {
            isClosed = true;
            Release();
        }
        closing.Cancel();
    }

    /// <summary>Closed by an owner that nobody can reach any more: whoever seems to be inside has left without a word.</summary>
    public void Abandon()
    {
        lock (gate)
        {
            isInside = false;
            Release();
        }
    }

    private void Leave()
    {
        lock (gate)
        {
            isInside = false;
            if (isClosed) Release();
        }
    }

    private void Release()
    {
        if (isInside || isReleased) return;
        isReleased = true;
        release();
    }

    public sealed class Visit(OneAtATime visited) : IDisposable
    {
        public void Dispose() => visited.Leave();
    }
}
