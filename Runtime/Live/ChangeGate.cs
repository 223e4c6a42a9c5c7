namespace EdgeVideoLlava.Runtime.Live;

/// <summary>When a window counts as changed, in levels of brightness of the cells that differ most (<see cref="Thumbnail"/>).</summary>
/// <param name="Opens">A still picture begins to move at so much.</param>
/// <param name="Closes">A moving one is still below so much: less than it took to open, so that the border does not flutter.</param>
/// <param name="Refresh">A still picture is described again after so long.</param>
public sealed record ChangeGateOptions(float Opens, float Closes, TimeSpan Refresh)
{
    /// <summary>Above the noise of a webcam at dusk, below a hand at the edge of the picture.</summary>
    public static ChangeGateOptions Default { get; } = new(6, 3, TimeSpan.FromSeconds(60));
}

/// <summary>Lets windows pass in which something changed since the last one that passed. Not for several threads at once.</summary>
internal sealed class ChangeGate(ChangeGateOptions options)
{
    private Thumbnail? seen; // the end of the last window that passed
    private TimeSpan passed;
    private bool isMoving;

    public bool Passes(PixelWindow window)
    {
        if (seen != null)
        {
            float change = window.Looks.Max(look => look.ChangeSince(seen));
            isMoving = change >= (isMoving ? options.Closes : options.Opens);
            if (!isMoving && window.End - passed < options.Refresh) return false;
        }
        (seen, passed) = (window.Looks[^1], window.End);
        return true;
    }
}
