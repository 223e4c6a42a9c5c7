using EdgeVideoLlava.Quantizer.Calibration;
using EdgeVideoLlava.Runtime;

namespace EdgeVideoLlava.Quantizer.Quality;

/// <summary>The next-token distributions of two forms of a model, on the same texts, pictures and clips.</summary>
internal static class ModelComparison
{
    private const int AnswerTokens = 64;

    /// <summary>On chunks of a text; scored is the second half of each, as in <see cref="Perplexity"/>.</summary>
    public static void OnText(Divergence divergence, VideoLlava a, VideoLlava b, int[][] chunks, Action<int>? progress,
        CancellationToken cancel)
    {
        int length = chunks[0].Length, first = length / 2, rows = length - first;
        using ChunkLogits one = new(a, rows), other = new(b, rows);
        for (int i = 0; i < chunks.Length; i++)
        {
            // The last position foretells what no chunk holds: it is not scored.
            float[] logits = one.Of(chunks[i], rows, cancel)[..((rows - 1) * one.Vocabulary)];
            float[] others = other.Of(chunks[i], rows, cancel)[..((rows - 1) * other.Vocabulary)];
            divergence.Add(logits, one.Vocabulary, others, other.Vocabulary, chunks[i].AsSpan(first + 1));
            progress?.Invoke(i + 1);
        }
    }

    /// <summary>On A's own greedy answers about pictures and clips, which B is given too.</summary>
    /// <returns>Positions of the answers.</returns>
    public static int OnMedia(Divergence divergence, Assistant a, Assistant b, IReadOnlyList<string> files, string question,
        CancellationToken cancel)
    {
        int positions = 0;
        using ChunkLogits one = new(a.Model, AnswerTokens), other = new(b.Model, AnswerTokens);
        foreach (string file in files)
        {
            IReadOnlyList<int> answer = MediaPrompt.Answer(a, file, question, AnswerTokens, cancel);
            if (answer.Count == 0) continue;
            using MediaPrompt prompt = MediaPrompt.Make(a, file, question, answer, cancel);
            using MediaPrompt otherPrompt = MediaPrompt.Make(b, file, question, answer, cancel);
            divergence.Add(one.Of(prompt.Prompt, answer.Count, cancel), one.Vocabulary,
                other.Of(otherPrompt.Prompt, answer.Count, cancel), other.Vocabulary, [.. answer]);
            positions += answer.Count;
        }
        return positions;
    }
}
