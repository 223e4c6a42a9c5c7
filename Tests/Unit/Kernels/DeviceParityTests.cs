using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels;

/// <summary>
/// Every operation gives on every device what it gives on the CPU, also between matrices that are windows into larger ones: nothing but the
/// window is written. The operations' own tests say what is right; these find a device that disagrees, and activations in binary16.
/// </summary>
public sealed class DeviceParityTests(ITestOutputHelper output)
{
    private const double Tolerance = 2e-6;

    private static readonly (int Rows, int Columns)[] Sizes = [(1, 1), (3, 33), (4, 6), (5, 8), (41, 9), (41, 69)]; // many rows make tiles

    private static readonly StorageType[] Plain = [StorageType.F32, StorageType.F16, StorageType.BF16];

    private static readonly TestDevice[] Devices = [.. TestDevices.ForKernels.Except([TestDevice.Cpu])];

    /// <summary>Block types that stay as stored on an accelerator; each has kernels of its own.</summary>
    private static StorageType[] Blocks => [.. BlockOracle.Types.Where(type => DeviceFormat.Of(type).Type == type)];

    /// <summary>In float32 the operations' own tests go through sizes and types: here each operation has one row on each device.</summary>
    public static IEnumerable<TheoryDataRow<string, int, int, StorageType, TestDevice>> Rows => Covering(Devices, rows => [Turn(rows)]);

    /// <summary>With binary16 these are the only rows: some sizes of each operation; each type of weights at one, F16 at all.</summary>
    public static IEnumerable<TheoryDataRow<string, int, int, StorageType, TestDevice>> RowsWithHalves
        => Covering(TestDevices.WithHalves, rows => !ParityOperations.HasWeight(rows[0].Operation)
            ? rows.Where(row => row.Columns is 33 or 8)
            : rows.GroupBy(row => row.Type).SelectMany(type => IsPlain(type.First()) ? type : Enumerable.Repeat(Turn([.. type]), 1)));

    /// <summary>Every row, for the sanitizer and for a long run.</summary>
    public static IEnumerable<TheoryDataRow<string, int, int, StorageType, TestDevice>> AllRows => Covering(Devices, rows => rows);

    public static IEnumerable<TheoryDataRow<string, int, int, StorageType, TestDevice>> AllRowsWithHalves
        => Covering(TestDevices.WithHalves, rows => rows);

    private readonly record struct Row(string Operation, int Rows, int Columns, StorageType Type, TestDevice Device);

    /// <summary>Of the rows of one operation on one device after the other those chosen.</summary>
    private static IEnumerable<TheoryDataRow<string, int, int, StorageType, TestDevice>> Covering(
        IEnumerable<TestDevice> devices, Func<Row[], IEnumerable<Row>> choose)
        => from name in ParityOperations.All.Keys
           from device in devices
           from row in choose([.. from size in Sizes
                                  from type in Types(name)
                                  let row = new Row(name, size.Rows, size.Columns, type, device)
                                  where IsMeant(row)
                                  select row])
           select new TheoryDataRow<string, int, int, StorageType, TestDevice>(row.Operation, row.Rows, row.Columns, row.Type, row.Device);

    private static StorageType[] Types(string operation)
        => !ParityOperations.HasWeight(operation) ? [StorageType.F32]
            : operation.Contains(',') && !(CudaTextCoverage.IsOn && !ParityOperations.IsGated(operation)) ? Plain
            : [.. Plain, .. Blocks]; // where coverage is measured every branch of each kernel counts

    private static bool IsPlain(Row row) => row.Type == StorageType.F16 && ParityOperations.IsPlainProduct(row.Operation);

    /// <summary>One of several rows, another for each operation, type and device.</summary>
    private static Row Turn(Row[] rows)
    {
        int operation = Array.IndexOf([.. ParityOperations.All.Keys], rows[0].Operation);
        return rows[(operation + (int)rows[0].Type + 5 * (int)rows[0].Device) % rows.Length];
    }

    private static bool IsMeant(Row row)
    {
        bool On(TestDevice device) => row.Device.ToString().StartsWith(device.ToString());
        if (row.Type.IsBlock() && row.Columns == 33) return false;
        // A product of sums of many columns is further off than the tolerance, which does not know of it; simulated, it takes seconds.
        if (row is (_, 41, 69, _, _) && (ParityOperations.IsGated(row.Operation) || Sanitizer.IsOn)) return false;
        // On tensor cores W is rounded to binary16 (TensorCoreTierTests).
        bool tiles = On(TestDevice.OpenCl) || row.Device is TestDevice.CudaText or TestDevice.CudaTextPortableHalf;
        if (row.Rows == 41 && !(ParityOperations.IsProduct(row.Operation) && tiles)) return false;
        return !On(TestDevice.IlgpuCpu) || row.Type == StorageType.F32 || row.Rows == 3;
    }

    [Theory, DeviceRows(nameof(Rows), InterpretedToo = true)]
    public void A_device_agrees_with_the_CPU_and_writes_nothing_else(
        string name, int rows, int columns, StorageType type, TestDevice device)
        => Compare(name, rows, columns, type, device, halves: false);

    /// <summary>On the same binary16 numbers as the CPU in float32; results stored as binary16 are half a unit off at most.</summary>
    [Theory, DeviceRows(nameof(RowsWithHalves), InterpretedToo = true)]
    public void A_device_with_fp16_activations_agrees_with_the_CPU(string name, int rows, int columns, StorageType type, TestDevice device)
        => Compare(name, rows, columns, type, device, halves: true);

    [Theory, DeviceRows(nameof(AllRows)), Trait("Category", "long")]
    public void A_device_agrees_with_the_CPU_in_every_row(string name, int rows, int columns, StorageType type, TestDevice device)
        => Compare(name, rows, columns, type, device, halves: false);

    [Theory, DeviceRows(nameof(AllRowsWithHalves)), Trait("Category", "long")]
    public void A_device_with_fp16_activations_agrees_with_the_CPU_in_every_row(
        string name, int rows, int columns, StorageType type, TestDevice device)
        => Compare(name, rows, columns, type, device, halves: true);

    private void Compare(string name, int rows, int columns, StorageType type, TestDevice device, bool halves)
    {
        ComputeDevice accelerator = TestDevices.Get(device);
        bool aligned = accelerator is IlgpuDevice { Tier: not KernelTier.Processor };
        (float[] expected, int[] ids, _) = Run(name, rows, columns, type, TestDevices.Get(TestDevice.Cpu), aligned, halves);
        (float[] got, int[] gotIds, StorageType result) = Run(name, rows, columns, type, accelerator, aligned, halves);
        Assert.Equal(ids, gotIds);
        double rounding = result == StorageType.F16 ? 1.0 / 2048 : 0, smallest = result == StorageType.F16 ? 1.0 / (1 << 25) : 0;
        double worst = 0;
        int summed = name == ParityOperations.ManyColumns ? 2304 : type.IsBlock() ? ParityCase.BlockColumns : columns;
        for (int i = 0; i < expected.Length; i++)
        {
            double size = Math.Abs(expected[i]), off = Math.Max(0, Math.Abs(got[i] - expected[i]) - rounding * size - smallest);
            double error = off / (size + Math.Sqrt(summed));
            Assert.True(error <= Tolerance, $"number {i} is {got[i]}, on the CPU {expected[i]}");
            worst = Math.Max(worst, error);
        }
        output.WriteLine($"{worst / Tolerance:p1} of the tolerance");
    }

    private static (float[] Values, int[] Ids, StorageType Type) Run(
        string name, int rows, int columns, StorageType type, ComputeDevice device, bool aligned, bool halves)
    {
        using var c = new ParityCase(device, rows, columns, type, aligned, halves);
        Matrix result = ParityOperations.All[name](c);
        (float[] values, int[] ids) = c.Read(result);
        return (values, ids, result.Type);
    }
}
