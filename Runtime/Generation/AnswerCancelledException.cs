namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>An answer was cancelled; the dialogue is as it was before the question.</summary>
public sealed class AnswerCancelledException(Answer partial, CancellationToken token)
    : OperationCanceledException("the answer was cancelled", token)
{
    /// <summary>What had been said, and what it took.</summary>
    public Answer Partial { get; } = partial;
}
