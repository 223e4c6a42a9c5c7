namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>Notices that an answer runs in circles: the same phrase of tokens four times in a row. It never changes a token.</summary>
/// <remarks>
/// For every phrase length L it counts how many of the latest tokens equal the one L before; three times L of them are four repeats.
/// Bounded: <see cref="LongestPhrase"/> comparisons a token, however long the answer. A phrase has at least two tokens, so one token
/// must stand eight times ("100000" is not a loop).
/// </remarks>
internal sealed class LoopGuard
{
    /// <summary>Repeats of a phrase that stop an answer.</summary>
    public const int Repeats = 4;

    /// <summary>Tokens of the shortest and longest phrase looked for; a long sentence has about 40.</summary>
    public const int ShortestPhrase = 2;
    public const int LongestPhrase = 128;

    private readonly int[] recent = new int[LongestPhrase];
    private readonly int[] matches = new int[LongestPhrase + 1];
    private int count;

    /// <summary>Takes the next token; true if the answer so far ends in four repeats of a phrase.</summary>
    public bool Add(int id)
    {
        bool loops = false;
        for (int length = ShortestPhrase; length <= Math.Min(count, LongestPhrase); length++)
        {
            matches[length] = recent[(count - length) % LongestPhrase] == id ? matches[length] + 1 : 0;
            loops |= matches[length] >= (Repeats - 1) * length;
        }
        recent[count % LongestPhrase] = id;
        count++;
        return loops;
    }

    /// <summary>Forgets everything: a new answer begins.</summary>
    public void Reset()
    {
        count = 0;
        matches.AsSpan().Clear();
    }
}
