using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;

namespace EdgeVideoLlava.Quantizer.Calibration;

/// <summary>Sums the squares of what the matrices of a language model are multiplied with.</summary>
internal sealed class ImportanceCollector(VideoLlava model)
{
    private readonly Dictionary<(int Layer, string Stage), double[]> sums = [];
    private double rows;
    private int prompts;
    private readonly HashSet<int> lengths = [];

    public void Add(MergedPrompt prompt, CancellationToken cancel)
    {
        ActivationPass.Run(model, prompt, (layer, stage, columns, values) =>
        {
            if (!sums.TryGetValue((layer, stage), out double[]? sum)) sums.Add((layer, stage), sum = new double[columns]);
            for (int at = 0; at < values.Length; at += columns)
            {
                for (int i = 0; i < columns; i++) sum[i] += (double)values[at + i] * values[at + i];
            }
        }, cancel);
        rows += prompt.Length;
        prompts++;
        lengths.Add(prompt.Length);
    }

    /// <param name="data">What it was collected from, for people.</param>
    public ImportanceMatrix Matrix(string data)
    {
        var entries = new Dictionary<string, (double[] Sums, double Count)>();
        foreach (((int layer, string stage), double[] sum) in sums)
        {
            foreach (string matrix in ActivationPass.Inputs[stage]) entries.Add($"blk.{layer}.{matrix}.weight", (sum, rows));
        }
        return new ImportanceMatrix(entries, "collected", data, prompts, lengths.Count == 1 ? lengths.Single() : 0);
    }
}
