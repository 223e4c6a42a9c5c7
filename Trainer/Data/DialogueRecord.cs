using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Text.Prompts;
using EdgeVideoLlava.Runtime.Text.Vocabularies;

namespace EdgeVideoLlava.Trainer.Data;

/// <summary>A sample of a data file: what is talked about, and the turns as they are written.</summary>
/// <param name="Name">File and place, for messages.</param>
/// <param name="Clip">Path of a clip; null without one.</param>
/// <param name="Pictures">Paths, in order; at most <see cref="MostPictures"/> are used.</param>
/// <param name="Turns">Questions and answers in turns, a question first; tags as in the file.</param>
internal sealed record DialogueRecord(string Name, string? Clip, IReadOnlyList<string> Pictures, IReadOnlyList<ChatMessage> Turns)
{
    /// <summary>Of a sample (MAX_IMAGE_LENGTH of the reference).</summary>
    public const int MostPictures = 16;

    private const string VideoTag = "<video>";

    /// <summary>Whether it has pictures or a clip.</summary>
    public bool Sees => Clip != null || Pictures.Count > 0;

    /// <summary>What kind of questions it has, for evaluations; null where the file does not say.</summary>
    public string? Type { get; init; }

    /// <summary>A question without its tags, as one asks it who shows the pictures himself.</summary>
    public string Asked(int turn) => (Turns[turn].Text ?? "").Replace(VideoTag, "").Replace(TextTokenizer.ImageTag, "").Trim();

    /// <summary>Words of all turns, negative where nothing is seen (modality_lengths of the reference).</summary>
    public int ModalityLength
    {
        get
        {
            int words = Turns.Sum(turn => Words(turn.Text ?? ""));
            return Sees ? words : -words;
        }
    }

    /// <summary>The turns with one picture tag for each visual block: a clip has one for each of its frames.</summary>
    /// <exception cref="BadInputException">Tags and pictures or clips do not match.</exception>
    public IReadOnlyList<ChatMessage> Expanded(int clipFrames)
    {
        if (!Sees) return Turns;
        ChatMessage[] turns = [.. Turns.Select(turn => turn with { Text = Expand(turn.Text ?? "", clipFrames) })];
        int tags = turns.Sum(turn => Count(turn.Text!, TextTokenizer.ImageTag));
        int blocks = (Clip == null ? 0 : clipFrames) + Math.Min(Pictures.Count, MostPictures);
        if (tags != blocks)
        {
            throw new BadInputException($"{Name}: its turns have places for {tags} visual blocks, its pictures and clip give {blocks} "
                + $"(1 a picture, {clipFrames} a clip); write one <image> a picture and one <video> a clip");
        }
        return turns;
    }

    /// <summary>Python's str.split().</summary>
    internal static int Words(string text)
    {
        int words = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (!Blanks.IsBlank(text[i]) && (i == 0 || Blanks.IsBlank(text[i - 1]))) words++;
        }
        return words;
    }

    /// <summary>As preprocess_multimodal of the reference: more picture tags at the start than are used become that many.</summary>
    private static string Expand(string text, int clipFrames)
    {
        string tags = string.Concat(Enumerable.Repeat(TextTokenizer.ImageTag, MostPictures)), more = tags + TextTokenizer.ImageTag;
        if (text.StartsWith(more, StringComparison.Ordinal))
        {
            string rest = text;
            while (rest.StartsWith(TextTokenizer.ImageTag, StringComparison.Ordinal)) rest = rest[TextTokenizer.ImageTag.Length..];
            text = Blanks.Trim(tags + rest);
        }
        return text.Replace(VideoTag, string.Concat(Enumerable.Repeat(TextTokenizer.ImageTag, clipFrames)));
    }

    private static int Count(string text, string tag) => text.Split(tag).Length - 1;
}
