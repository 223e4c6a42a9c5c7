using System.Globalization;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Norm;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Rotary;
using ILGPU.Runtime.CPU;

namespace EdgeVideoLlava.Kernels.Checks;

/// <summary>Everything of an accelerator that the model relies on, against the processor at toy sizes: what a first
/// GPU has to confirm before its speed counts.</summary>
/// <remarks>
/// Every kernel family of the device's tier, in its type of activations; on the tensor-core tier the instructions by themselves too, whose
/// lane layouts the tests only know from the PTX ISA. The bound is <see cref="DeviceSelfTest"/>'s: what is wrong there is wrong by far.
/// </remarks>
internal static class DeviceChecks
{
    /// <summary>Name of the check that recorded work can be relied on.</summary>
    public const string RecordedName = "recorded work, given again";

    private const int Columns = 256;

    private static readonly StorageType[] Types =
        [StorageType.F16, StorageType.Q8_0, StorageType.Q6_K, StorageType.Q5_0, StorageType.Q5_1, StorageType.Q4_0, StorageType.Q4_1,
        StorageType.Q4_K, StorageType.Q5_K];

    /// <summary>The checks of an accelerator; one of them is given when its turn comes, and one that fails leaves the
    /// others as they are.</summary>
    public static IReadOnlyList<DeviceCheck> Of(IlgpuDevice device)
    {
        int wide = 64 * (device.Accelerator.NumMultiprocessors + 1); // enough groups for the large tile of 128
        return
        [
            .. device.Tier == KernelTier.TensorCore ? InstructionChecks.Of(device) : [],
            .. DeviceSelfTest.Operations.Concat(Products(wide)).Concat(Attention()).Concat(Caches())
            .Select(operation => Compared(device, operation.Name, operation.Run)),
            new DeviceCheck(RecordedName, () => Recorded(device)),
            new DeviceCheck("the driver's copy", () => Copied(device)),
            new DeviceCheck("a queue that waits for another", () => Waited(device)),
            .. device.CanHaveDeepTiles ? Deep(device, wide) : [],
        ];
    }

    private static IEnumerable<(string Name, Func<SelfTestOperands, Matrix> Run)> Products(int wide)
    {
        foreach (StorageType type in Types)
        {
            foreach (int rows in new[] { 1, 3, 8, 37 })
                yield return ($"{type} product of {rows} row{(rows == 1 ? "" : "s")}, bias, GELU, residual", o
                    => Product(o, type, rows, 70));
            yield return ($"{type} product of 200 rows by {wide}, bias, GELU, residual", o => Product(o, type, 200, wide));
            yield return ($"{type} product of 37 rows, SiLU·up", o => DeviceSelfTest.Result(o, 37, 70, y => Linear.Run(
                o.Queue, o.Weight(type, 140, Columns), o.Activations(37, Columns), y, new Epilogue(Activation: Activation.SiluUp))));
            yield return ($"{type} product of 37 rows of float32", o => DeviceSelfTest.Result(o, 37, 70, y => Linear.Run(
                o.Queue, o.Weight(type, 70, Columns), o.Matrix(37, Columns), y)));
        }
    }

    private static Matrix Product(SelfTestOperands o, StorageType type, int rows, int outputs)
        => DeviceSelfTest.Result(o, rows, outputs, y => Linear.Run(
            o.Queue, o.Weight(type, outputs, Columns), o.Activations(rows, Columns), y,
            new Epilogue(o.Matrix(1, outputs), Activation.Gelu, o.Matrix(rows, outputs))));

    private static IEnumerable<(string Name, Func<SelfTestOperands, Matrix> Run)> Attention()
    {
        foreach (int size in new[] { 64, 128 })
        {
            yield return ($"causal attention, heads of {size}, 70 queries, 100 keys", o => Causal(o, size, 70, 100));
            yield return ($"causal attention, heads of {size}, 2 queries, 300 keys", o => Causal(o, size, 2, 300));
            yield return ($"attention over 2 pictures, heads of {size}", o => Full(o, size, SequenceLayout.Spatial(2, 65)));
            yield return ($"attention over 8 frames, heads of {size}", o => Full(o, size, SequenceLayout.Temporal(1, 8, 9)));
        }
    }

    private static Matrix Causal(SelfTestOperands o, int size, int queries, int keys)
    {
        int[] positions = [.. Enumerable.Range(0, queries).Select(i => keys - queries + i)];
        return DeviceSelfTest.Activations(o, queries, 4 * size, y => CausalAttention.Run(
            o.Queue, o.Activations(queries, 4 * size), o.Activations(keys, 2 * size), o.Activations(keys, 2 * size), o.Ints(positions),
            size, y));
    }

    /// <summary>From q, k and v to contexts, by way of the caches.</summary>
    private static IEnumerable<(string Name, Func<SelfTestOperands, Matrix> Run)> Caches()
    {
        foreach (bool ofBytes in new[] { false, true })
        {
            string cache = ofBytes ? "int8 cache" : "cache";
            yield return ($"{cache}, 20 positions of a prompt", o => Passed(o, ofBytes, 20));
            yield return ($"{cache}, a step of one conversation", o => Passed(o, ofBytes, 1));
            yield return ($"{cache}, a step of 8 conversations", o => Passed(o, ofBytes, 1, 1, 1, 1, 1, 1, 1, 1));
        }
    }

    /// <param name="rows">Of each conversation.</param>
    private static Matrix Passed(SelfTestOperands o, bool ofBytes, params int[] rows)
    {
        const int heads = 4, groups = 2, size = 64;
        int total = rows.Sum();
        (float[] cosines, float[] sines) = RotaryEmbedding.Tables(200, size, 10000);
        Matrix cos = o.Matrix(200, size / 2);
        Matrix sin = o.Matrix(200, size / 2);
        Matrix qkv = o.Activations(total, (heads + 2 * groups) * size);
        Matrix queries = o.Activations(total, heads * size);
        o.Queue.Write(cosines, cos);
        o.Queue.Write(sines, sin);
        CacheSegment[] segments = [.. rows.Select((count, i)
            => new CacheSegment(o.Cache(200 + i, groups, size, ofBytes), o.Cache(200 + i, groups, size, ofBytes), count))];
        IntVector positions = o.Ints([.. rows.SelectMany((count, i) => Enumerable.Range(20 * i, count))]);
        RotaryEmbedding.Run(o.Queue, qkv, cos, sin, positions, queries, segments);
        return DeviceSelfTest.Activations(o, total, heads * size, y => CausalAttention.Run(o.Queue, queries, segments, positions, size, y));
    }

    private static Matrix Full(SelfTestOperands o, int size, SequenceLayout layout)
    {
        int rows = layout.Count * layout.Length;
        return DeviceSelfTest.Activations(o, rows, 2 * size, y => FullAttention.Run(o.Queue, o.Activations(rows, 6 * size), layout, 2, y));
    }

    private static DeviceCheck Compared(IlgpuDevice device, string name, Func<SelfTestOperands, Matrix> run) => new(name, () =>
    {
        using var processor = new CpuDevice(1);
        return DeviceSelfTest.Difference(DeviceSelfTest.Compute(processor, run), DeviceSelfTest.Compute(device, run));
    });

    /// <summary>Work that was recorded gives the bits that it gave at first; on CUDA it must be a graph.</summary>
    private static string? Recorded(IlgpuDevice device)
    {
        using var o = new SelfTestOperands(device);
        Matrix x = o.Matrix(3, 96), norm = o.Matrix(1, 96), normed = o.Activations(3, 96), y = o.Matrix(3, 70);
        Weight weight = o.Weight(StorageType.Q8_0, 70, 96);
        void Give()
        {
            RmsNorm.Run(o.Queue, x, norm, 1e-5f, normed);
            Linear.Run(o.Queue, weight, normed, y);
        }
        Give();
        float[] direct = o.Queue.Read(y);
        using RecordedWork? work = o.Queue.Record(Give);
        if (work == null) return "nothing was recorded";
        if (device.IsCuda && !work.IsOneCall) return "the driver does not make a graph of it; the launches are given one by one";
        o.Queue.Write(new float[direct.Length], y);
        work.Replay();
        float[] again = o.Queue.Read(y);
        return direct.AsSpan().SequenceEqual(again) ? null : "the results are others";
    }

    /// <summary>Long work on one queue, its result copied by another; on CUDA the host must not wait.</summary>
    private static string? Waited(IlgpuDevice device)
    {
        (int rows, int steps, int rounds) = device.Tier == KernelTier.Processor || device.Accelerator is CPUAccelerator ? (4, 5, 2)
            : (4096, 20, 3);
        using var o = new SelfTestOperands(device);
        using ComputeQueue other = device.CreateQueue();
        Matrix x = o.Matrix(rows, 1024), one = o.Matrix(1, 1024), y = o.Matrix(rounds, 1024);
        o.Queue.Write(new float[rows * 1024], x);
        o.Queue.Write([.. Enumerable.Repeat(1f, 1024)], one);
        bool hostWaited = false;
        for (int round = 0; round < rounds; round++)
        {
            for (int step = 0; step < steps; step++) AddRows.Run(o.Queue, x, one, 1, x);
            other.WaitFor(o.Queue);
            hostWaited |= ((IlgpuQueue)o.Queue).Passed(long.MaxValue);
            CopyRows.Run(other, x.RowRange(rows - 1, 1), y.RowRange(round, 1));
            o.Queue.WaitFor(other); // or the next round would be copied
        }
        float[] got = other.Read(y);
        int wrong = Enumerable.Range(0, got.Length).FirstOrDefault(i => got[i] != (i / 1024 + 1) * steps, -1);
        return wrong >= 0 ? string.Create(CultureInfo.InvariantCulture,
            $"number {wrong} is {got[wrong]}, expected {(wrong / 1024 + 1) * steps}")
            : device.IsCuda && hostWaited ? "the driver gave no event; the host waited"
            : null;
    }

    private static IEnumerable<DeviceCheck> Deep(IlgpuDevice device, int wide)
        => new[] { StorageType.F16, StorageType.Q4_0 }.Select(type
        => new DeviceCheck($"{type} product, tiles of three and of four steps", () => Deepened(device, type, wide)));

    /// <summary>The same sums in the same order: the same bits.</summary>
    private static string? Deepened(IlgpuDevice device, StorageType type, int wide)
    {
        using var o = new SelfTestOperands(device);
        Weight weight = o.Weight(type, wide, Columns);
        Matrix x = o.Activations(200, Columns), y = o.Matrix(200, wide);
        float[] three = Product(deepTiles: false), four = Product(deepTiles: true);
        int different = Enumerable.Range(0, three.Length).FirstOrDefault(i => three[i] != four[i], -1);
        return different < 0 ? null : string.Create(CultureInfo.InvariantCulture,
            $"number {different} is {three[different]} with three, {four[different]} with four");

        float[] Product(bool deepTiles)
        {
            var queue = (IlgpuQueue)o.Queue;
            o.Queue.Write(new float[200 * wide], y);
            Linear.TensorCore(queue, weight, x, y, deepTiles);
            return queue.Read(y);
        }
    }

    private static string? Copied(IlgpuDevice device)
    {
        using var o = new SelfTestOperands(device);
        Matrix x = o.Matrix(37, 70), y = o.Matrix(37, 70);
        o.Queue.Write(new float[37 * 70], y);
        o.Queue.Copy(x, y);
        return o.Queue.Read(x).AsSpan().SequenceEqual(o.Queue.Read(y)) ? null : "the copy differs";
    }
}
