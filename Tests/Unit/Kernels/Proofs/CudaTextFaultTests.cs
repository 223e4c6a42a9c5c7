using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Checks;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Norm;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Ptx.Analysis;
using EdgeVideoLlava.Tests.Ptx.Execution;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Proofs;

/// <summary>Faults planted in CUDA's text of each kernel family, one at a time: the interpreter refuses them, or the results
/// show them.</summary>
[Trait("Category", "long")]
public sealed class CudaTextFaultTests(ITestOutputHelper output)
{
    /// <summary>Sites of a kind in a kernel; of barriers and waits all.</summary>
    private const int Most = 8;

    /// <summary>Of the largest number: what the tests of operations see is smaller.</summary>
    private const float Tolerance = 1e-5f;

    private delegate Matrix Operation(SelfTestOperands operands);

    private static readonly Dictionary<string, (KernelTier Tier, bool Deep, Operation Run)> Families = new()
    {
        ["tensor tile of 64, F16"] = (KernelTier.TensorCore, false, o => Product(o, StorageType.F16, 40, 256, 64)),
        ["tensor tile of 64, Q4_0"] = (KernelTier.TensorCore, false, o => Product(o, StorageType.Q4_0, 40, 256, 64)),
        ["deep tensor tile of 128"] = (KernelTier.TensorCore, true, o => Product(o, StorageType.F16, 100, 256, 100)),
        ["halves of float32"] = (KernelTier.TensorCore, false, o => DeviceSelfTest.Result(o, 20, 35, y => Linear.Run(
            o.Queue, o.Weight(StorageType.F16, 35, 256), o.Matrix(20, 256), y))),
        ["tensor attention, heads of 64"] = (KernelTier.TensorCore, false, o => Causal(o, 64, 40, 100)),
        ["tensor attention, heads of 128"] = (KernelTier.TensorCore, false, o => Causal(o, 128, 40, 100)),
        ["decode attention"] = (KernelTier.TensorCore, false, o => Causal(o, 64, 2, 300)),
        ["attention by groups"] = (KernelTier.Portable, false, o => Causal(o, 64, 40, 70)),
        ["product of one row"] = (KernelTier.Portable, false, o => Product(o, StorageType.Q4_0, 1, 512, 9)),
        ["product of 7 rows"] = (KernelTier.Portable, false, o => Product(o, StorageType.Q8_0, 7, 512, 9)),
        ["product by tiles"] = (KernelTier.Portable, false, o => Product(o, StorageType.Q4_K, 40, 512, 70)),
        ["RMSNorm"] = (KernelTier.Portable, false, o => DeviceSelfTest.Activations(o, 3, 300, y
            => RmsNorm.Run(o.Queue, o.Matrix(3, 300), o.Matrix(1, 300), 1e-5f, y))),
        ["LayerNorm"] = (KernelTier.Portable, false, o => DeviceSelfTest.Activations(o, 3, 300, y
            => LayerNorm.Run(o.Queue, o.Matrix(3, 300), o.Matrix(1, 300), o.Matrix(1, 300), 1e-5f, y))),
        ["top-k"] = (KernelTier.Portable, false, o => DeviceSelfTest.Result(o, 2, 4, y
            => TopK.Run(o.Queue, o.Matrix(2, 500), 500, o.Ints(0, 0, 0, 0, 0, 0, 0, 0), y))),
        ["cross entropy"] = (KernelTier.Portable, false, o => DeviceSelfTest.Result(o, 3, 1, y
            => CrossEntropy.Run(o.Queue, o.Matrix(3, 500), o.Ints(1, 2, 499), y))),
    };

    public static TheoryData<string> Names => [.. Families.Keys];

    [Theory, MemberData(nameof(Names))]
    public void A_barrier_or_a_wait_that_is_missing_is_seen(string family)
        => Plant(family, int.MaxValue, TextFault.NoBarrier, TextFault.WeakerWait);

    [Theory, MemberData(nameof(Names))]
    public void A_slip_of_a_compiler_is_seen(string family)
        => Plant(family, Most, TextFault.NoMove, TextFault.SwappedOperands, TextFault.NegatedPredicate, TextFault.IndexOffByOne);

    private void Plant(string family, int most, params TextFault[] kinds)
    {
        (KernelTier tier, bool deep, Operation run) = Families[family];
        var driver = new CudaTextDriver(LaneOrder.Ascending, contracts: false) { Longest = 300_000 };
        using IlgpuDevice device = driver.Open(new DeviceOptions(Compute: StorageType.F16, Tier: tier, DeepTiles: deep));
        float[] right = DeviceSelfTest.Compute(device, o => run(o));
        // All of them before one runs: a fault reaches what is not reached otherwise.
        var planned = kinds.ToDictionary(kind => kind, kind => driver.Modules.SelectMany(module
            => Some(PlantedTextFault.Of(kind, module), most)).ToArray());
        List<PlantedTextFault> unseen = [];
        foreach ((TextFault kind, PlantedTextFault[] faults) in planned)
        {
            PlantedTextFault[] missed = [.. faults.Where(fault => !IsSeen(fault, device, run, right))];
            output.WriteLine($"{kind}: {faults.Length - missed.Length} of {faults.Length} seen");
            unseen.AddRange(missed);
        }
        foreach (PlantedTextFault fault in unseen)
            output.WriteLine($"not seen: {fault}: {PlantedTextFaultReasons.Of(fault) ?? "no reason known"}");
        Assert.DoesNotContain(unseen, fault => PlantedTextFaultReasons.Of(fault) == null);
    }

    /// <summary>At most so many, spread evenly.</summary>
    private static IEnumerable<PlantedTextFault> Some(IEnumerable<PlantedTextFault> faults, int most)
    {
        PlantedTextFault[] all = [.. faults];
        return all.Length <= most ? all : Enumerable.Range(0, most).Select(i => all[(int)((long)i * all.Length / most)]);
    }

    private static bool IsSeen(PlantedTextFault fault, IlgpuDevice device, Operation run, float[] right)
    {
        try
        {
            if (fault.Within(() => Definedness.UndefinedReads(fault.Module).Any())) return true;
            float[] got = fault.Within(() => DeviceSelfTest.Compute(device, o => run(o)));
            float bound = Tolerance * right.Max(Math.Abs);
            return right.Zip(got).Any(pair => !(Math.Abs(pair.First - pair.Second) <= bound));
        }
        catch (PtxFaultException)
        {
            return true;
        }
    }

    private static Matrix Product(SelfTestOperands o, StorageType type, int rows, int columns, int outputs)
        => DeviceSelfTest.Result(o, rows, outputs, y => Linear.Run(
            o.Queue, o.Weight(type, outputs, columns), o.Activations(rows, columns), y, new Epilogue(Activation: Activation.Gelu)));

    private static Matrix Causal(SelfTestOperands o, int size, int queries, int keys)
    {
        int[] positions = [.. Enumerable.Range(0, queries).Select(i => keys - queries + i)];
        Matrix cache = o.Activations(keys, 2 * size), values = o.Activations(keys, 2 * size);
        return DeviceSelfTest.Activations(o, queries, 4 * size, y => CausalAttention.Run(
            o.Queue, o.Activations(queries, 4 * size), cache, values, o.Ints(positions), size, y));
    }
}
