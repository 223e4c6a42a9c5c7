namespace EdgeVideoLlava.Runtime;

/// <summary>Of an object that threads use while another disposes it: nobody comes in after that, and the last one out releases.</summary>
/// <param name="owner">Named by the exception of whoever comes too late.</param>
/// <param name="release">Called once, when it is closed and nobody is inside.</param>
internal sealed class Lifetime(string owner, Action release)
{
    private readonly object gate = new();
    private readonly CancellationTokenSource closing = new();
    private readonly ThreadLocal<int> mine = new();
    private int inside;
    private bool isReleased;

    /// <summary>Cancelled when it is closed.</summary>
    public CancellationToken Closing => closing.Token;

    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public void ThrowIfClosed()
    {
        if (closing.IsCancellationRequested) throw new ObjectDisposedException(owner);
    }

    /// <summary>Comes in, until the scope is disposed on the same thread.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public Scope Enter()
    {
        lock (gate)
        {
            ThrowIfClosed();
            inside++;
            mine.Value++;
        }
        return new Scope(this);
    }

    /// <summary>Does some work inside.</summary>
    /// <param name="work">Given a token that is cancelled by the caller's and when this is closed.</param>
    /// <exception cref="ObjectDisposedException">It is closed, perhaps meanwhile.</exception>
    /// <exception cref="OperationCanceledException">The caller's token is cancelled.</exception>
    public T Within<T>(CancellationToken cancel, Func<CancellationToken, T> work)
    {
        using Scope scope = Enter();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, Closing);
        try
        {
            return work(stop.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            ThrowIfClosed();
            throw;
        }
    }

    /// <summary>Lets nobody in any more and cancels those inside.</summary>
    public void Cancel()
    {
        lock (gate)
        {
            if (!closing.IsCancellationRequested) closing.Cancel();
        }
    }

    /// <summary>Lets nobody in any more and cancels those inside; on return they are out and all is released. Inside itself (a callback)
    /// it does not wait: then the last one out releases.</summary>
    public void Close()
    {
        Cancel();
        lock (gate)
        {
            Release();
            while (!isReleased && mine.Value == 0) Monitor.Wait(gate);
        }
    }

    private void Leave()
    {
        lock (gate)
        {
            inside--;
            mine.Value--;
            if (closing.IsCancellationRequested) Release();
        }
    }

    private void Release()
    {
        if (inside > 0 || isReleased) return;
        isReleased = true;
        release();
        Monitor.PulseAll(gate);
    }

    public readonly ref struct Scope(Lifetime lifetime)
    {
        public void Dispose() => lifetime.Leave();
    }
}
