using EdgeVideoLlava.Runtime;

namespace EdgeVideoLlava.Quantizer.Quality;

/// <summary>How well a model foretells a text: llama-perplexity's protocol (<see cref="TextChunks"/>), the second half of each chunk
/// scored.</summary>
internal static class Perplexity
{
    /// <summary>Of chunks of equal length.</summary>
    /// <param name="progress">Told the perplexity of all chunks so far.</param>
    public static PerplexityReport Measure(VideoLlava model, int[][] chunks, Action<int, double>? progress, CancellationToken cancel)
    {
        int length = chunks[0].Length, first = length / 2;
        using var runner = new ChunkLogits(model, length - first);
        var losses = new List<double>();
        var cumulative = new List<double>();
        foreach (int[] chunk in chunks)
        {
            float[] logits = runner.Of(chunk, length - first, cancel);
            var row = new double[length - first - 1];
            Parallel.For(0, row.Length, i =>
            {
                ReadOnlySpan<float> one = logits.AsSpan(i * runner.Vocabulary, runner.Vocabulary);
                row[i] = Likelihood.LogSum(one) - one[chunk[first + i + 1]];
            });
            losses.AddRange(row);
            cumulative.Add(Math.Exp(losses.Average()));
            progress?.Invoke(cumulative.Count, cumulative[^1]);
        }
        double mean = losses.Average(), squares = losses.Average(loss => loss * loss) - mean * mean;
        double error = squares > 0 && losses.Count > 1 ? Math.Sqrt(squares / (losses.Count - 1)) : 0;
        return new PerplexityReport(cumulative[^1], error * cumulative[^1], chunks.Length, length, losses.Count, cumulative);
    }
}

/// <summary>A perplexity.</summary>
/// <param name="Value">exp of the mean negative log-likelihood.</param>
/// <param name="StandardError">Of the value.</param>
/// <param name="Chunks">How many were run.</param>
/// <param name="ChunkLength">In tokens.</param>
/// <param name="Scored">Positions.</param>
/// <param name="Cumulative">The value after each chunk.</param>
public sealed record PerplexityReport(
    double Value, double StandardError, int Chunks, int ChunkLength, int Scored, IReadOnlyList<double> Cumulative);
