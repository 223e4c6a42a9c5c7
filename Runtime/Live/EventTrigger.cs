namespace EdgeVideoLlava.Runtime.Live;

/// <summary>Something that is watched for: it fires once when it appears, and again only after it was gone.</summary>
/// <param name="What">"a person", for "Is there a person?"; or a question of its own, which ends with "?" and is answered by yes or no.
/// </param>
public sealed record EventTrigger(string What)
{
    /// <summary>Windows in a row that must show it before it fires.</summary>
    public int Rise { get; init; } = 1;

    /// <summary>Windows in a row that must not show it before it may fire again: one wrong answer is no second appearance.</summary>
    public int Fall { get; init; } = 2;

    internal string Question => What.EndsWith('?') ? What : $"Is there {What}?";
}

/// <summary>A trigger has fired.</summary>
/// <param name="What">As <see cref="EventTrigger.What"/>.</param>
/// <param name="Start">Begin of the window that shows it.</param>
/// <param name="End">End of that window.</param>
/// <param name="Captured">When its begin was taken; null: it is a clip's.</param>
public sealed record LiveEvent(string What, TimeSpan Start, TimeSpan End, DateTimeOffset? Captured);

/// <summary>Whether a trigger's thing is there, from answers that may be wrong now and then.</summary>
internal sealed class TriggerState(EventTrigger trigger)
{
    private int against; // answers in a row that contradict the state

    public EventTrigger Trigger { get; } = trigger;

    public bool IsThere { get; private set; }

    /// <summary>Takes the answer about a window; true if the thing has just appeared.</summary>
    public bool Appears(string answer)
    {
        // What is neither yes nor no is no.
        against = AnswerWords.Begin(answer, "yes") == IsThere ? 0 : against + 1;
        if (against < (IsThere ? Trigger.Fall : Trigger.Rise)) return false;
        (IsThere, against) = (!IsThere, 0);
        return IsThere;
    }
}
