using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Loss;

public sealed class CrossEntropyTests(ITestOutputHelper output)
{
    /// <summary>The definition: log Σ_v exp(logits[t,v]) − logits[t,label[t]], 0 where the label is −100.</summary>
    private static Expected[] Oracle(float[] logits, int[] labels, int columns)
    {
        var losses = new Expected[labels.Length];
        for (int t = 0; t < labels.Length; t++)
        {
            if (labels[t] == -100) continue;
            float[] row = logits[(t * columns)..((t + 1) * columns)];
            double maximum = row.Max(), logSum = Math.Log(row.Sum(logit => Math.Exp(logit - maximum)));
            losses[t] = new Expected(logSum + maximum - row[labels[t]], logSum + Math.Abs(maximum) + Math.Abs(row[labels[t]]) + 1);
        }
        return losses;
    }

    public static IEnumerable<TheoryDataRow<string, int, int, float>> Sizes
        => from device in KernelDevices.All
           from size in new[] { (1, 1), (5, 31), (4, 32), (3, 33), (2, 600) }
           from scale in new[] { 3f, 300f }
           select new TheoryDataRow<string, int, int, float>(device, size.Item1, size.Item2, scale);

    [Theory, DeviceRows(nameof(Sizes))]
    public void Losses_equal_the_definition(string device, int rows, int columns, float scale)
    {
        using var rig = new KernelRig(KernelDevices.Get(device), rows + columns);
        float[] logits = rig.Numbers(rows * columns, scale);
        int[] labels = [.. Enumerable.Range(0, rows).Select(t => t % 3 == 1 ? CrossEntropy.Ignored : rig.Random.Next(columns))];
        Matrix losses = rig.Result(rows, 1);
        CrossEntropy.Run(rig.Queue, rig.View(logits, rows, columns), rig.Ints(labels), losses);
        Expected.Check(output, $"({rows}, {columns})", rig.Read(losses), Oracle(logits, labels, columns));
    }
}
