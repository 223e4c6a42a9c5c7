namespace EdgeVideoLlava.Runtime.Live;

/// <summary>Breaks an answer off once a newer window is ready to be put into words; the one after a broken one is always finished, so
/// that windows which come faster than answers are still told.</summary>
/// <param name="isOn">Else nothing is broken off.</param>
internal sealed class StaleAnswer(bool isOn)
{
    private readonly Lock gate = new();
    private CancellationTokenSource? current;
    private long ready, begun; // windows
    private bool wasBroken;

    /// <summary>One more window is ready to be put into words.</summary>
    public void WindowIsReady()
    {
        lock (gate)
        {
            ready++;
            if (ready > begun) current?.Cancel();
        }
    }

    /// <summary>Gives an answer; false: it was broken off.</summary>
    /// <param name="answer">Given the token that breaks it off.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was.</exception>
    public bool Give(Action<CancellationToken> answer, CancellationToken cancel)
    {
        using var newer = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Begin(isOn && !wasBroken ? newer : null);
        wasBroken = false;
        try
        {
            answer(newer.Token);
        }
        catch (OperationCanceledException) when (newer.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            wasBroken = true;
        }
        finally
        {
            lock (gate) current = null;
        }
        return !wasBroken;
    }

    private void Begin(CancellationTokenSource? answer)
    {
        lock (gate)
        {
            begun++;
            current = answer;
            if (ready > begun) current?.Cancel();
        }
    }
}
