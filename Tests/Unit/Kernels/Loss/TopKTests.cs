using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Loss;

public sealed class TopKTests(ITestOutputHelper output)
{
    /// <summary>The definition: candidates sorted by logit, equal ones by id; the log-probability over all columns.</summary>
    private static (int[] Ids, Expected[] LogProbabilities) Oracle(float[] logits, int rows, int columns, int candidates, int k)
    {
        var ids = new int[rows * k];
        var values = new Expected[rows * k];
        for (int b = 0; b < rows; b++)
        {
            float[] row = logits[(b * columns)..((b + 1) * columns)];
            double maximum = row.Max(), logSum = Math.Log(row.Sum(logit => Math.Exp(logit - maximum)));
            int[] order = [.. Enumerable.Range(0, candidates).OrderByDescending(v => row[v]).ThenBy(v => v).Take(k)];
            for (int i = 0; i < k; i++)
            {
                ids[b * k + i] = order[i];
                values[b * k + i] = new Expected(row[order[i]] - maximum - logSum,
                    Math.Abs(row[order[i]]) + Math.Abs(maximum) + logSum + 1);
            }
        }
        return (ids, values);
    }

    /// <summary>Device, rows, columns, candidates, k.</summary>
    public static IEnumerable<TheoryDataRow<string, int, int, int, int>> Sizes
        => from device in KernelDevices.All
           from size in new[] { (1, 1, 1, 1), (2, 33, 31, 5), (3, 600, 600, 1), (1, 127, 100, 100), (8, 64, 3, 2) }
           where !IsToy(device) || size.Item4 < 100
           select new TheoryDataRow<string, int, int, int, int>(device, size.Item1, size.Item2, size.Item3, size.Item4);

    public static IEnumerable<TheoryDataRow<string, int, int, int, int>> LargeSizes
        => from device in KernelDevices.Cpu.Append(nameof(TestDevice.OpenClPortable))
           select new TheoryDataRow<string, int, int, int, int>(device, 2, 32003, 32000, 40);

    [Theory, DeviceRows(nameof(Sizes)), DeviceRows(nameof(LargeSizes))]
    public void The_best_ids_and_their_log_probabilities_equal_the_definition(string device, int rows, int columns, int candidates, int k)
        => Check(device, rows, columns, candidates, k, scale: 4, levels: 0);

    [Fact]
    public void Of_equal_logits_the_lower_id_comes_first()
    {
        foreach (string device in KernelDevices.Present) Check(device, 3, 200, 190, IsToy(device) ? 4 : 20, scale: 2, levels: 3);
    }

    [Fact]
    public void Logits_far_apart_do_not_overflow()
    {
        foreach (string device in KernelDevices.Present) Check(device, 2, 100, 100, 3, scale: 300, levels: 0);
    }

    /// <summary>ILGPU's CPU accelerator has a thread for each item, and they meet for every candidate.</summary>
    private static bool IsToy(string device) => device.StartsWith(nameof(TestDevice.IlgpuCpu));

    private void Check(string device, int rows, int columns, int candidates, int k, float scale, int levels)
    {
        using var rig = new KernelRig(KernelDevices.Get(device), rows + columns + k);
        float[] logits = rig.Numbers(rows * columns, scale);
        if (levels > 0) logits = [.. logits.Select(logit => MathF.Round(logit * levels) / levels)];
        (int[] expectedIds, Expected[] expected) = Oracle(logits, rows, columns, candidates, k);
        IntVector ids = rig.Ints(new int[rows * k]);
        Matrix values = rig.Result(rows, k);
        TopK.Run(rig.Queue, rig.View(logits, rows, columns), candidates, ids, values);
        Assert.Equal(expectedIds, rig.Read(ids));
        Expected.Check(output, $"({rows}, {columns}) best {k}", rig.Read(values), expected);
    }
}
