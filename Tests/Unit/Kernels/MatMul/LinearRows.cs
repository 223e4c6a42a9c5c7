using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.MatMul;

/// <summary>
/// Rows of <see cref="LinearTests"/>: device, type of the weight, rows, columns, outputs. Where these are many, every two of device,
/// type and size meet, and not all three: a type differs in how it is decoded, a size in what is left over.
/// </summary>
public static class LinearRows
{
    private static readonly StorageType[] Plain = [StorageType.F32, StorageType.F16, StorageType.BF16];

    public static IEnumerable<TheoryDataRow<string, StorageType, int, int, int>> Sizes
        => Meeting(KernelDevices.All, Plain, 3,
            (1, 1, 1), (1, 31, 33), (2, 32, 31), (3, 33, 37), (5, 7, 64), (8, 65, 20), (9, 64, 34), (13, 127, 66), (31, 17, 70));

    /// <summary>Sizes that cross every block of the CPU's product, and real ones of the models.</summary>
    public static IEnumerable<TheoryDataRow<string, StorageType, int, int, int>> LargeSizes
        => Meeting(KernelDevices.Cpu.Where(IsWide), Plain, 3, (101, 523, 1130), (797, 641, 67), (1, 4096, 1024), (7, 11008, 65))
            .Concat(Meeting(["Cpu.Scalar"], [StorageType.F16], 1, (101, 523, 97)));

    /// <summary>Sizes that cross the squares of tiles (32 rows, 16 outputs) of an accelerator's product.</summary>
    public static IEnumerable<TheoryDataRow<string, StorageType, int, int, int>> SquareSizes
        => Meeting([nameof(TestDevice.OpenCl)], [StorageType.F32, StorageType.F16, StorageType.Q8_0, StorageType.Q4_0, StorageType.Q4_K], 1,
            (32, 256, 16), (33, 256, 17), (70, 512, 131), (1, 4096, 131));

    /// <summary>
    /// Sizes that cross what a group makes (4 outputs and 1, 4 or 8 rows; 64 by 64 from 33 rows on) and what it takes at a time (128 pieces
    /// or 32 columns); with few outputs and many columns several groups share the columns. Every type has each kernel at one of the sizes.
    /// </summary>
    public static IEnumerable<TheoryDataRow<string, StorageType, int, int, int>> GroupSizes
        => from kernel in new (int, int, int)[][]
           {
               [(1, 4096, 7), (1, 8192, 3)],
               [(2, 5376, 5), (3, 4352, 4), (4, 2048, 3)],
               [(5, 2304, 9), (6, 1024, 4), (7, 1280, 6), (8, 6144, 5), (9, 512, 13), (32, 256, 66)],
               [(33, 256, 64), (64, 544, 65), (65, 40, 63), (70, 768, 130)],
           }
           from type in Plain.Concat(BlockOracle.Types).Index()
           let fitting = kernel.Where(size => size.Item2 % type.Item.BlockColumns() == 0).ToArray()
           from size in type.Item is StorageType.F32 or StorageType.Q8_0 ? fitting : [fitting[type.Index % fitting.Length]]
           from device in KernelDevices.Portable
           select Row(device, type.Item, size);

    /// <summary>The same on ILGPU's CPU accelerator, where a launch of a group costs milliseconds.</summary>
    public static IEnumerable<TheoryDataRow<string, StorageType, int, int, int>> ToyGroupSizes
        => Meeting([nameof(TestDevice.IlgpuCpuPortable)], [StorageType.F32, StorageType.Q8_0, StorageType.Q6_K], 1,
            (1, 2304, 3), (2, 2304, 2), (8, 256, 5), (33, 256, 3));

    /// <summary>Every block type, held to the numbers that its blocks mean; what quantizing loses is another test (PackTests).</summary>
    public static IEnumerable<TheoryDataRow<string, StorageType, int, int, int>> BlockSizes
        => Meeting(KernelDevices.All.Where(device => !IsToy(device)), BlockOracle.Types, 2,
            (1, 256, 33), (2, 512, 31), (9, 768, 34), (65, 1280, 18), (5, 96, 7), (3, 544, 20))
            .Concat(Meeting(KernelDevices.All.Where(IsToy), BlockOracle.Types, 1, (2, 256, 5)));

    public static IEnumerable<TheoryDataRow<string, StorageType, int, int, int>> LargeBlockSizes
        => Meeting(KernelDevices.Cpu.Where(IsWide), [StorageType.Q8_0, StorageType.Q4_0, StorageType.Q4_K, StorageType.Q6_K], 3,
            (1, 4096, 1024), (7, 11008, 65), (140, 512, 97)).Concat(Meeting(["Cpu.Scalar"], [StorageType.Q4_K], 1, (3, 4096, 65)));

    /// <summary>Device, activation, bias, residual, rows: each two of these meet.</summary>
    public static IEnumerable<TheoryDataRow<string, Activation, bool, bool, int>> Epilogues
        => from device in KernelDevices.All.Index()
           from activation in Enum.GetValues<Activation>()
           from bias in new[] { 0, 1 }
           from residual in new[] { 0, 1 }
           let rows = new[] { 1, 3, 14 }[(device.Index + (int)activation + bias + residual) % 3]
           select new TheoryDataRow<string, Activation, bool, bool, int>(device.Item, activation, bias == 1, residual == 1, rows);

    /// <summary>Device, rows, and a place in a register of every width, or in what is left over.</summary>
    public static IEnumerable<TheoryDataRow<string, int, int>> Places
        => from device in KernelDevices.All
           from rows in new[] { 1, 2, 40 }
           from place in new[] { 0, 33, 36 }
           where !IsToy(device) || rows == 2
           select new TheoryDataRow<string, int, int>(device, rows, place);

    private static bool IsToy(string device) => device.StartsWith(nameof(TestDevice.IlgpuCpu));

    private static bool IsWide(string device) => device != "Cpu.Scalar";

    /// <summary>One row in <paramref name="share"/>, so that with as many devices, types and sizes every two of them meet.</summary>
    private static IEnumerable<TheoryDataRow<string, StorageType, int, int, int>> Meeting(
        IEnumerable<string> devices, IEnumerable<StorageType> types, int share, params (int, int Columns, int)[] sizes)
        => from device in devices.Index()
           from type in types.Index()
           from size in sizes.Index()
           where (device.Index + type.Index + size.Index) % share == 0 && size.Item.Columns % type.Item.BlockColumns() == 0
           select Row(device.Item, type.Item, size.Item);

    private static TheoryDataRow<string, StorageType, int, int, int> Row(
        string device, StorageType type, (int Rows, int Columns, int Outputs) size)
        => new(device, type, size.Rows, size.Columns, size.Outputs);
}
