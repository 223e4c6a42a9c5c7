using EdgeVideoLlava.Runtime.Text.SentencePiece;
using EdgeVideoLlava.Tests.Unit.Support;
using Microsoft.ML.Tokenizers;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Text;

/// <summary>A second opinion: the package's SentencePiece tokenizer, which is right wherever no two pairs have the same score.</summary>
public sealed class PackageCrossCheckTests
{
    [Fact]
    public void The_package_agrees_on_strings_without_ties()
    {
        using FileStream stream = File.OpenRead(LlamaVocabulary.File);
        LlamaTokenizer package = LlamaTokenizer.Create(stream, addBeginOfSentence: false, addEndOfSentence: false);
        string[] lines = [.. File.ReadLines(Golden.Data("text/wiki.test.raw")).Where(line => line.Length > 1).Take(500)];
        int compared = 0;
        foreach (string line in lines)
        {
            // Runs of equal characters are where scores tie; the package merges them in another order than every reference.
            if (line.Zip(line.Skip(1)).Any(pair => pair.First == pair.Second && !char.IsLetterOrDigit(pair.First))) continue;
            var ids = new List<int>();
            new SentencePieceBpe(LlamaVocabulary.Model).Encode(line, true, ids);
            Assert.Equal(package.EncodeToIds(line), ids);
            compared++;
        }
        Assert.True(compared > 300, $"{compared} lines");
    }
}
