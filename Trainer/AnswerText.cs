using System.Text;

namespace EdgeVideoLlava.Trainer;

/// <summary>Answers as VQA compares them: lower case, without signs and articles, blanks as one.</summary>
internal static class AnswerText
{
    private static readonly string[] Articles = ["a", "an", "the"];

    public static bool Same(string a, string b) => Normalized(a) == Normalized(b);

    public static string Normalized(string text) => string.Join(' ', Words(text).Where(word => !Articles.Contains(word)));

    public static string FirstWord(string text) => Words(text).FirstOrDefault() ?? "";

    private static string[] Words(string text)
    {
        var clean = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
        {
            // An apostrophe stands within a word; any other sign ends one.
            if (Rune.IsLetterOrDigit(rune)) clean.Append(Rune.ToLowerInvariant(rune));
            else if (rune.Value != '\'') clean.Append(' ');
        }
        return clean.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }
}
