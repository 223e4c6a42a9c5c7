using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Elementwise;

public sealed class SumRowsTests(ITestOutputHelper output)
{
    public static IEnumerable<TheoryDataRow<string, int, int, int, int>> Sizes
        => from device in KernelDevices.Cpu
           from size in new[] { (1, 1, 1, 1), (37, 130, 1, 1), (40, 65, 4, 5), (48, 20, 8, 3) }
           select new TheoryDataRow<string, int, int, int, int>(device, size.Item1, size.Item2, size.Item3, size.Item4);

    /// <summary>The definition; what was there before is added to.</summary>
    [Theory, MemberData(nameof(Sizes))]
    public void Sums_equal_the_definition(string device, int rows, int columns, int length, int period)
    {
        using var rig = new KernelRig(KernelDevices.Get(device), rows);
        float[] x = rig.Numbers(rows * columns);
        Matrix y = rig.Dense([.. Enumerable.Repeat(1f, length * columns)], length, columns);
        SumRows.Run(rig.Queue, rig.View(x, rows, columns), y, period);
        Expected.Check(output, "y", rig.Read(y), [.. from i in Enumerable.Range(0, length)
                                                     from c in Enumerable.Range(0, columns)
                                                     let terms = Enumerable.Range(0, rows).Where(r => r / period % length == i)
                                                         .Select(r => (double)x[r * columns + c]).ToArray()
                                                     select new Expected(1 + terms.Sum(), 1 + terms.Sum(Math.Abs))]);
    }
}
