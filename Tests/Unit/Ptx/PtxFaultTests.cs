using EdgeVideoLlava.Tests.Ptx.Execution;

namespace EdgeVideoLlava.Tests.Unit.Ptx;

/// <summary>What a kernel must not do is found; beside each stands the nearest thing that it may do.</summary>
public sealed class PtxFaultTests
{
    /// <summary>%rd7 becomes the address of word %r2 of so many bytes in shared memory.</summary>
    private static string Place(int bytes)
        => $"mul.wide.u32 %rd6, %r2, {bytes};\nmov.b64 %rd7, s;\nadd.u64 %rd7, %rd7, %rd6;\n";

    private const string Store = "st.shared.b32 [%rd3], 1;\n", Warp = "bar.warp.sync -1;\n", Group = "bar.sync 0;\n";

    private const string Shuffle = "shfl.sync.idx.b32 %r3, %r1, 0, 31, -1;";

    private const string OddLanes = "and.b32 %r2, %r1, 1;\nsetp.ne.s32 %p1, %r2, 0;\n";

    private const string Commit = "cp.async.commit_group;\n", Wait = "cp.async.wait_group 0;\n", Read = "ld.shared.b32 %r3, [%rd7];\n";

    private static readonly string Copy = "mov.b32 %r2, %r1;\n" + Place(16) + "cp.async.cg.shared.global [%rd7], [%rd1], 16;\n";

    private static readonly string ReadNext = "xor.b32 %r2, %r1, 1;\n" + Place(4) + Read;

    private static readonly string ReadNextCopy = "xor.b32 %r2, %r1, 1;\n" + Place(16) + Read;

    /// <summary>Kind, text that has the fault, text that has not.</summary>
    public static TheoryData<FaultKind, string, string> OfGlobalMemory => new()
    {
        { FaultKind.Bounds, "ld.global.b32 %r2, [%rd1+256];", "ld.global.b32 %r2, [%rd1+252];" },
        { FaultKind.Bounds, "ld.global.b32 %r2, [%rd1+-4];", "ld.global.b32 %r2, [%rd1+0];" },
        { FaultKind.Alignment, "ld.global.v4.b32 {%r2, %r3, %r4, %r5}, [%rd1+8];", "ld.global.v4.b32 {%r2, %r3, %r4, %r5}, [%rd1+16];" },
        { FaultKind.Alignment, "ld.global.b16 %rs1, [%rd1+1];", "ld.global.b8 %r2, [%rd1+1];" },
        { FaultKind.Race, "st.global.b32 [%rd2], %r1;", "st.global.b32 [%rd4], %r1;" },
        { FaultKind.Race, "st.global.b32 [%rd4], 1;\nld.global.b32 %r2, [%rd2];", "st.global.b32 [%rd4], 1;\nld.global.b32 %r2, [%rd4];" },
        { FaultKind.Race, "ld.global.b32 %r2, [%rd2];\nst.global.b32 [%rd4], 1;", "ld.global.b32 %r2, [%rd1];\nst.global.b32 [%rd4], 1;" },
        { FaultKind.Division, "div.s32 %r2, 1, %r1;", "add.s32 %r3, %r1, 1;\ndiv.s32 %r2, 1, %r3;" },
    };

    public static TheoryData<FaultKind, string, string> OfSharedMemory => new()
    {
        { FaultKind.Bounds, "st.shared.b32 [%rd3+900], %r1;", "st.shared.b32 [%rd3+896], %r1;" },
        { FaultKind.Alignment, "mov.b64 %rd7, s;\nst.shared.v4.b32 [%rd7+4], {1, 2, 3, 4};", "st.shared.b32 [%rd3+4], 1;" },
        { FaultKind.Uninitialised, "ld.shared.b32 %r2, [%rd3];", Store + "ld.shared.b32 %r2, [%rd3];" },
        { FaultKind.Race, Store + Warp + Store + ReadNext, Store + Warp + ReadNext },
        { FaultKind.Race, Store + Group + ReadNext + Store, Store + Group + ReadNext + Warp + Store },
        { FaultKind.Copies, Copy, Copy + Commit + Wait },
        { FaultKind.Copies, Copy + Commit + "cp.async.wait_group 1;", Copy + Commit + Wait },
        { FaultKind.Uninitialised, Copy + Commit + Read + Wait, Copy + Commit + Wait + Read },
        { FaultKind.Uninitialised, Copy + Commit + Warp + Wait + ReadNextCopy, Copy + Commit + Wait + Warp + ReadNextCopy },
        { FaultKind.Race, Copy + Commit + "st.shared.b32 [%rd7], 1;\n" + Wait, Copy + Commit + Wait + "st.shared.b32 [%rd7], 1;" },
    };

    public static TheoryData<FaultKind, string, string> OfControl => new()
    {
        { FaultKind.Divergence, OddLanes + "@%p1 bar.sync 0;", Group },
        { FaultKind.Divergence, OddLanes + "@%p1 ret;\nbar.sync 0;", Group },
        { FaultKind.Divergence, OddLanes + "@%p1 bra A;\nbar.sync 0;\nbra.uni B;\nA:\nbar.sync 0;\nB:", Group },
        { FaultKind.Divergence, OddLanes + $"@%p1 bra A;\n{Shuffle}\nA:", Shuffle },
        { FaultKind.Divergence, "bar.warp.sync 65535;", "bar.warp.sync 4294967295;" },
        { FaultKind.Uniformity, OddLanes + "@%p1 bra.uni A;\nA:", OddLanes + "@%p1 bra A;\nA:" },
        { FaultKind.Uniformity, Loop("%r1"), Loop("9") },
    };

    private static string Loop(string end)
        => $"mov.b32 %r2, 0;\nL:\nadd.s32 %r2, %r2, 1;\nsetp.le.s32 %p1, %r2, {end};\n@%p1 bra.uni L;";

    [Theory, MemberData(nameof(OfGlobalMemory)), MemberData(nameof(OfSharedMemory)), MemberData(nameof(OfControl))]
    public void A_fault_is_found_and_what_is_right_passes(FaultKind kind, string fault, string right)
    {
        foreach (LaneOrder order in Enum.GetValues<LaneOrder>())
        {
            Assert.Equal(kind, Assert.Throws<PtxFaultException>(() => PtxProgram.Run(fault, order: order)).Kind);
            PtxProgram.Run(right, order: order);
        }
    }

    /// <summary>What a warp's own barrier orders it does not order for another warp.</summary>
    [Fact]
    public void A_warps_barrier_does_not_order_other_warps()
    {
        string readOther = "xor.b32 %r2, %r1, 32;\n" + Place(4) + Read;
        Action run = () => PtxProgram.Run(Store + Group + Store + Warp + readOther, items: 64);
        Assert.Equal(FaultKind.Race, Assert.Throws<PtxFaultException>(run).Kind);
        PtxProgram.Run(Store + Group + readOther, items: 64);
    }

    /// <summary>Items of different groups too.</summary>
    [Fact]
    public void Groups_must_not_write_the_same_place()
        => Assert.Equal(FaultKind.Race, Assert.Throws<PtxFaultException>(() => PtxProgram.Run("st.global.b32 [%rd4], 1;", groups: 2)).Kind);

    [Fact]
    public void A_message_names_kernel_instruction_and_item()
        => Assert.Equal("planted, instruction 7, ld.global.b32 %r2, [%rd1+256]: item 0 reads 4 bytes at 256 of a view of 256 bytes",
            Assert.Throws<PtxFaultException>(() => PtxProgram.Run("ld.global.b32 %r2, [%rd1+256];")).Message);
}
