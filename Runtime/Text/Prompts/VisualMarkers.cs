using System.Text;

namespace EdgeVideoLlava.Runtime.Text.Prompts;

/// <summary>The tags that stand in a prompt for pictures and clips.</summary>
public static class VisualMarkers
{
    /// <summary>Frames of a clip of the original layout, each with its own tag.</summary>
    internal const int FramesPerClip = 8;

    private static readonly string[] Tags = [TextTokenizer.ImageTag, "<video>"];

    /// <summary>Whether a text holds a tag, which would stand for a picture or clip.</summary>
    public static bool Occur(string text) => Tags.Any(tag => text.Contains(tag, StringComparison.Ordinal));

    /// <summary>A text whose tags are plain words to the model: "&lt; image&gt;".</summary>
    public static string Escape(string text) => Tags.Aggregate(text, (escaped, tag) => escaped.Replace(tag, tag.Insert(1, " ")));

    /// <summary>
    /// A question of the original layout: "&lt;image&gt;" for a picture, eight of them for a clip, all side by side without blanks, then a
    /// newline and the question.
    /// </summary>
    /// <remarks>Features are consumed in this order. The model was trained with the clip before the pictures.</remarks>
    internal static string Original(IEnumerable<VisualKind> visuals, string question)
    {
        int tags = visuals.Sum(kind => kind == VisualKind.Clip ? FramesPerClip : 1);
        return tags == 0 ? question : new StringBuilder().Insert(0, TextTokenizer.ImageTag, tags).Append('\n').Append(question).ToString();
    }

    /// <summary>A question of the -hf layout: "&lt;image&gt;" or "&lt;video&gt;" and a newline for each, then the question.</summary>
    internal static string Hf(IEnumerable<VisualKind> visuals, string question)
        => string.Concat(visuals.Select(kind => kind == VisualKind.Clip ? "<video>\n" : "<image>\n")) + question;
}
