using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using EdgeVideoLlava.Tests.Unit.Support;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Elementwise;

/// <summary>The reference is Pack on the host, whose bytes are those of llama.cpp's files (PackTests): the same bits,
/// in the layout of each device.</summary>
public sealed unsafe class QuantizeRowsTests
{
    private static readonly float[] Sizes = [0.02f, 1f, 1e4f, 1e-3f, 1e-7f, 1e-36f, 1e-39f, 1e-42f, 0f];

    public static IEnumerable<TheoryDataRow<string, StorageType, int, int, StorageType>> Rows
        => from device in KernelDevices.All
           from type in new[] { StorageType.Q8_0, StorageType.Q4_0 }
           from size in new[] { (1, 32), (9, 64), (18, 96), (3, 1024) }
           from input in device.StartsWith("Cpu") ? [StorageType.F32] : new[] { StorageType.F32, StorageType.F16 }
           select new TheoryDataRow<string, StorageType, int, int, StorageType>(device, type, size.Item1, size.Item2, input);

    [Theory, DeviceRows(nameof(Rows))]
    public void The_bits_are_those_of_the_host(string device, StorageType type, int rows, int columns, StorageType input)
    {
        using var rig = new KernelRig(KernelDevices.Get(device), rows + columns);
        float[] numbers = [.. Enumerable.Range(0, rows).SelectMany(row
            => Block(rig, columns, Sizes[(row + columns / 64) % Sizes.Length], row))];
        for (int i = 0; i < numbers.Length && input == StorageType.F16; i++) numbers[i] = (float)(Half)numbers[i];
        byte[] packed = new byte[type.Bytes(numbers.Length)];
        Assert.True(Pack.FromFloats(type, numbers, packed));
        Weight got = rig.Empty(type, rows, columns);
        IntVector misfits = rig.Ints(0);
        Matrix x = input == StorageType.F32 ? rig.View(numbers, rows, columns) : rig.Dense(numbers, rows, columns, input);
        QuantizeRows.Run(rig.Queue, x, got, misfits);
        Assert.Equal([0], rig.Read(misfits));
        fixed (byte* address = packed)
        {
            using Weight expected = got.Buffer.Device.LoadWeight("expected", type, columns, new HostRows((nint)address, rows));
            Assert.Equal(Stored(rig.Queue, expected), Stored(rig.Queue, got));
        }
    }

    public static IEnumerable<TheoryDataRow<string, StorageType, float>> Misfits
        => from device in KernelDevices.All
           from type in new[] { StorageType.Q8_0, StorageType.Q4_0 }
           from number in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1e30f, -1e38f, 9e6f }
           select new TheoryDataRow<string, StorageType, float>(device, type, number);

    [Theory, DeviceRows(nameof(Misfits))]
    public void A_number_that_does_not_fit_is_told(string device, StorageType type, float number)
    {
        using var rig = new KernelRig(KernelDevices.Get(device));
        float[] numbers = rig.Numbers(3 * 96);
        numbers[2 * 96 + 70] = number;
        Assert.False(Pack.FromFloats(type, numbers, new byte[type.Bytes(numbers.Length)]));
        IntVector misfits = rig.Ints(0);
        QuantizeRows.Run(rig.Queue, rig.View(numbers, 3, 96), rig.Empty(type, 3, 96), misfits);
        Assert.Equal([1], rig.Read(misfits));
        QuantizeRows.Run(rig.Queue, rig.View(new float[96], 1, 96), rig.Empty(type, 1, 96), misfits);
        Assert.Equal([1], rig.Read(misfits));
    }

    [Fact]
    public void Types_that_no_device_quantizes_are_refused()
    {
        using var rig = new KernelRig(KernelDevices.Get("Cpu.Scalar"));
        Assert.Throws<ArgumentException>(() => QuantizeRows.Run(rig.Queue, rig.View(new float[256], 1, 256),
            rig.Empty(StorageType.Q4_K, 1, 256), rig.Ints(0)));
        Assert.Throws<ArgumentException>(() => rig.Empty(StorageType.Q8_0, 1, 48));
    }

    /// <summary>Numbers of one size; every other row has levels halfway between two whole ones.</summary>
    private static float[] Block(KernelRig rig, int columns, float size, int row)
    {
        float[] numbers = rig.Numbers(columns, size);
        if (row % 2 == 0) return numbers;
        for (int c = 0; c < columns; c++) numbers[c] = c % 32 == 5 ? size : (rig.Random.Next(-126, 126) + 0.5f) * (size / 127);
        return numbers;
    }

    internal static byte[] Stored(ComputeQueue queue, Weight weight)
    {
        queue.Wait();
        if (weight.Buffer is CpuBuffer cpu)
            return new ReadOnlySpan<byte>((void*)cpu.Address, (int)weight.Type.Bytes((long)weight.Rows * weight.Columns)).ToArray();
        WeightView view = weight.Gpu();
        var words = new uint[weight.Rows * (view.RowWords + view.ScaleWords)];
        view.Words.SubView(0, words.Length).CopyToCPU(words);
        return MemoryMarshal.AsBytes<uint>(words).ToArray();
    }
}
