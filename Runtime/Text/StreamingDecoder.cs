using System.Text;
using EdgeVideoLlava.Runtime.Text.Vocabularies;

namespace EdgeVideoLlava.Runtime.Text;

/// <summary>Turns token ids into text one by one: after each id the text that no later id can change, never half a character.</summary>
/// <remarks>
/// All returned pieces joined are the decoding of the whole sequence. Rules of SentencePiece decoding: byte pieces are joined to
/// characters; control pieces print nothing but end an unfinished character; one blank is cut from the start of the text, unless a byte
/// piece or an unknown piece came first.
/// </remarks>
internal sealed class StreamingDecoder
{
    private readonly IVocabulary vocabulary;
    private readonly SpecialTokens? skipped;
    private readonly Utf8Assembler bytes = new();
    private readonly StringBuilder output = new();
    private bool atStart = true;

    /// <param name="skipped">Tokens to be left out as if they were not there, or null: then the vocabulary's own print as it says.</param>
    internal StreamingDecoder(IVocabulary vocabulary, SpecialTokens? skipped)
    {
        this.vocabulary = vocabulary;
        this.skipped = skipped;
    }

    /// <summary>Takes the next id and returns the text that is now certain, often "". Ids without a piece give nothing.</summary>
    public string Append(int id)
    {
        if (id < 0 || id >= vocabulary.Count || skipped?.TextOf(id) != null) return "";
        output.Clear();
        PieceType type = vocabulary.TypeOf(id);
        if (type == PieceType.Byte)
        {
            atStart = false;
            foreach (byte value in vocabulary.BytesOf(id)) bytes.Append(value, output);
            return output.ToString();
        }
        bytes.Flush(output);
        switch (type)
        {
            case PieceType.Control: break;
            case PieceType.Unknown:
                output.Append(" \u2047 ");
                atStart = false;
                break;
            default: AppendText(vocabulary.TextOf(id)); break;
        }
        return output.ToString();
    }

    /// <summary>Ends the text: what was held back of an unfinished character, as U+FFFD. The decoder then begins a new text.</summary>
    public string Flush()
    {
        output.Clear();
        bytes.Flush(output);
        atStart = true;
        return output.ToString();
    }

    private void AppendText(string text)
    {
        output.Append(atStart && text[0] == ' ' ? text.AsSpan(1) : text);
        atStart = false;
    }
}
