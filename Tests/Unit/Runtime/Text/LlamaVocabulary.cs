using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Text.SentencePiece;
using EdgeVideoLlava.Runtime.Text.Vocabularies;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Text;

/// <summary>The real Llama vocabulary of the reference data, read once. Tests that use it skip by name where it is absent.</summary>
internal static class LlamaVocabulary
{
    private static readonly Lazy<SentencePieceModel> Loaded = new(() => SentencePieceModel.Load(File));

    public static string File => Golden.Data("llama_tokenizer/tokenizer.model");

    public static SentencePieceModel Model => File == "" ? throw new InvalidOperationException() : Loaded.Value;

    public static TextTokenizer Tokenizer(TokenizerMode mode) => TextTokenizer.FromSentencePiece(Model, mode);
}
