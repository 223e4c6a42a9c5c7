namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>Pauses are over at once; longer ones, by which something is given up, are not.</summary>
internal sealed class HastyClock : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        => System.CreateTimer(callback, state, dueTime < TimeSpan.FromSeconds(5) ? TimeSpan.Zero : dueTime, period);
}
