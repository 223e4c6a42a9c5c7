using EdgeVideoLlava.Runtime.Generation;

namespace EdgeVideoLlava.Runtime.Live;

/// <summary>When the last caption still holds: the model finds it nearly as likely for a new window as it was for its own.</summary>
/// <param name="Margin">By so much may its mean log-probability (nats a token) be less.</param>
/// <param name="Refresh">What has not changed is described again after so long.</param>
public sealed record LikelihoodGateOptions(double Margin, TimeSpan Refresh)
{
    /// <summary>As measured with the built-in model (docs/benchmarks.md).</summary>
    public static LikelihoodGateOptions Default { get; } = new(0.1, TimeSpan.FromSeconds(60));
}

/// <summary>Asks the model whether the last caption still holds: one pass of its tokens behind the window's prompt, in place of a new
/// answer. Not for several threads at once.</summary>
/// <remarks>A caption that was put into words costs one such pass more, which says how likely it was for its own window.</remarks>
internal sealed class LikelihoodGate(LikelihoodGateOptions options, string question)
{
    private IReadOnlyList<int>? told;
    private double spoken;
    private TimeSpan end;

    /// <summary>Of the last window asked about, relative to that of the caption's own; NaN: none was asked about.</summary>
    public double Change { get; private set; } = double.NaN;

    /// <param name="conversation">Shows the window.</param>
    public bool StillHolds(Conversation conversation, PixelWindow window, CancellationToken cancel)
    {
        if (told == null || window.End - end >= options.Refresh) return false;
        Change = conversation.Likelihood(question, told, cancel) - spoken;
        return Change >= -options.Margin;
    }

    /// <summary>This was said about the window, and is shown.</summary>
    /// <param name="conversation">Shows the window.</param>
    public void Said(Conversation conversation, PixelWindow window, Answer answer, CancellationToken cancel)
    {
        spoken = conversation.Likelihood(question, answer.Ids, cancel);
        (told, end) = (answer.Ids, window.End);
    }
}
