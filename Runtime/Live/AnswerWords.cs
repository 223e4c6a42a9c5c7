namespace EdgeVideoLlava.Runtime.Live;

/// <summary>The first words of an answer, by which it is judged.</summary>
internal static class AnswerWords
{
    /// <summary>Whether the answer begins with these whole words, whatever their case and the marks before them.</summary>
    public static bool Begin(string answer, string words)
    {
        string text = answer.TrimStart(' ', '\n', '"', '\'', '*');
        return text.StartsWith(words, StringComparison.OrdinalIgnoreCase)
            && (text.Length == words.Length || !char.IsLetter(text[words.Length]));
    }
}
