using System.Text;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Text;

namespace EdgeVideoLlava.Quantizer.Quality;

/// <summary>A text as chunks of equal length, each a sequence of its own: llama-perplexity's protocol.</summary>
/// <remarks>Source: ggml-org/llama.cpp, tools/perplexity. What is left behind the last whole chunk is dropped. Where the tokenizer puts a
/// begin-of-text id in front, it takes the place of each chunk's first id.</remarks>
internal static class TextChunks
{
    private const long Ceiling = 256L << 20;

    /// <param name="most">Chunks at most.</param>
    /// <exception cref="BadInputException">The file is no text, or shorter than one chunk.</exception>
    public static int[][] Read(string path, TextTokenizer tokenizer, int length, int most)
    {
        int[] ids = tokenizer.Encode(Encoding.UTF8.GetString(InputFile.ReadAll(path, Ceiling)));
        bool hasBos = ids.Length > 0 && ids[0] == tokenizer.BosId;
        int[][] chunks = [.. ids.Chunk(length).Where(chunk => chunk.Length == length).Take(most)];
        if (chunks.Length == 0) throw new BadInputException($"{path}: {ids.Length} tokens; one chunk has {length}: give a longer text");
        if (hasBos) foreach (int[] chunk in chunks) chunk[0] = tokenizer.BosId;
        return chunks;
    }
}
