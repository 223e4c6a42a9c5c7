namespace EdgeVideoLlava.Runtime.Text.Vocabularies;

/// <summary>Trimming as Python's str.strip does it: the reference implementations' idea of a blank.</summary>
/// <remarks>.NET's set lacks the four separators U+001C to U+001F.</remarks>
internal static class Blanks
{
    public static bool IsBlank(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';

    public static ReadOnlySpan<char> TrimStart(ReadOnlySpan<char> text)
    {
        int start = 0;
        while (start < text.Length && IsBlank(text[start])) start++;
        return text[start..];
    }

    public static ReadOnlySpan<char> TrimEnd(ReadOnlySpan<char> text)
    {
        int end = text.Length;
        while (end > 0 && IsBlank(text[end - 1])) end--;
        return text[..end];
    }

    public static string Trim(string text) => TrimEnd(TrimStart(text)).ToString();
}
