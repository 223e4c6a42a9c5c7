using System.Reflection;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using static EdgeVideoLlava.Kernels.Ilgpu.Intrinsics.PtxText;

namespace EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;

/// <summary>The PTX text of each intrinsic.</summary>
internal static partial class PtxIntrinsics
{
    /// <summary>For every context that compiles kernels with these intrinsics, whatever its devices.</summary>
    public static void Register(IntrinsicImplementationManager manager)
    {
        Add(manager, nameof(MultiplyAdd), nameof(WriteMultiplyAdd));
        Add(manager, nameof(LoadMatrices), nameof(WriteLoadMatrices));
        Add(manager, nameof(LoadTransposed), nameof(WriteLoadTransposed));
        Add(manager, nameof(Copy), nameof(WriteCopy));
        Add(manager, nameof(CopyOrZero), nameof(WriteCopyOrZero));
        Add(manager, nameof(CommitCopies), nameof(WriteCommitCopies));
        Add(manager, nameof(WaitForAllCopies), nameof(WriteWaitForAllCopies));
        Add(manager, nameof(WaitForCopiesBut1), nameof(WriteWaitForCopiesBut1));
        Add(manager, nameof(WaitForCopiesBut2), nameof(WriteWaitForCopiesBut2));
        Add(manager, nameof(LoadConstant), nameof(WriteLoadConstant));
        Add(manager, nameof(Halves), nameof(WriteHalves));
    }

    private static void Add(IntrinsicImplementationManager manager, string method, string generator)
    {
        const BindingFlags all = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        manager.RegisterMethod(typeof(PtxIntrinsics).GetMethod(method, all)!,
            new PTXIntrinsic(typeof(PtxIntrinsics).GetMethod(generator, all)!, IntrinsicImplementationMode.GenerateCode));
    }

    private static void WriteMultiplyAdd(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        string c = Vector(generator, value[0]), a = Vector(generator, value[1]), b = Vector(generator, value[2]);
        Write(generator, $"mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {VectorResult(generator, value)}, {a}, {b}, {c}");
    }

    private static void WriteLoadMatrices(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        string row = Scalar(generator, value[0]);
        Write(generator, $"ldmatrix.sync.aligned.m8n8.x4.shared.b16 {VectorResult(generator, value)}, [{row}]");
    }

    private static void WriteLoadTransposed(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        string row = Scalar(generator, value[0]);
        Write(generator, $"ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {VectorResult(generator, value)}, [{row}]");
    }

    private static void WriteCopy(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        string target = Scalar(generator, value[0]), source = Scalar(generator, value[1]);
        Write(generator, $"cp.async.cg.shared.global [{target}], [{source}], 16");
    }

    private static void WriteCopyOrZero(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        string target = Scalar(generator, value[0]), source = Scalar(generator, value[1]), bytes = Scalar(generator, value[2]);
        Write(generator, $"cp.async.cg.shared.global [{target}], [{source}], 16, {bytes}");
    }

    private static void WriteCommitCopies(PTXBackend backend, PTXCodeGenerator generator, Value value)
        => Write(generator, "cp.async.commit_group");

    private static void WriteWaitForAllCopies(PTXBackend backend, PTXCodeGenerator generator, Value value)
        => Write(generator, "cp.async.wait_group 0");

    private static void WriteWaitForCopiesBut1(PTXBackend backend, PTXCodeGenerator generator, Value value)
        => Write(generator, "cp.async.wait_group 1");

    private static void WriteWaitForCopiesBut2(PTXBackend backend, PTXCodeGenerator generator, Value value)
        => Write(generator, "cp.async.wait_group 2");

    private static void WriteLoadConstant(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        string source = Scalar(generator, value[0]);
        Write(generator, $"ld.global.nc.v4.b32 {VectorResult(generator, value)}, [{source}]");
    }

    private static void WriteHalves(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        string low = Scalar(generator, value[0]), high = Scalar(generator, value[1]);
        Write(generator, $"cvt.rn.f16x2.f32 {ScalarResult(generator, value)}, {high}, {low}");
    }
}
