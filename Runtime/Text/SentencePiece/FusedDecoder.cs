using System.Text;
using EdgeVideoLlava.Runtime.Text.Vocabularies;

namespace EdgeVideoLlava.Runtime.Text.SentencePiece;

/// <summary>Whole decoding as the decoder section of a Llama tokenizer.json says: Replace, ByteFallback, Fuse, Strip.</summary>
/// <remarks>
/// Differs from SentencePiece only on broken text: a run of byte pieces that is not valid UTF-8 becomes one U+FFFD per byte, its valid
/// characters too. Source: huggingface/tokenizers, decoders/byte_fallback.
/// </remarks>
internal static class FusedDecoder
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    public static string Decode(ReadOnlySpan<int> ids, IVocabulary vocabulary, SpecialTokens specials, bool skipSpecial)
    {
        var text = new StringBuilder();
        var run = new List<byte>();
        foreach (int id in ids)
        {
            string? special = specials.TextOf(id);
            if (special != null ? skipSpecial : id < 0 || id >= vocabulary.Count) continue;
            if (special == null && vocabulary.TypeOf(id) == PieceType.Byte)
            {
                run.AddRange(vocabulary.BytesOf(id));
                continue;
            }
            EndRun(run, text);
            text.Append(special ?? vocabulary.TextOf(id));
        }
        EndRun(run, text);
        if (text.Length > 0 && text[0] == ' ') text.Remove(0, 1);
        return text.ToString();
    }

    private static void EndRun(List<byte> run, StringBuilder text)
    {
        try
        {
            text.Append(StrictUtf8.GetString([.. run]));
        }
        catch (DecoderFallbackException)
        {
            text.Append('\uFFFD', run.Count);
        }
        run.Clear();
    }
}
