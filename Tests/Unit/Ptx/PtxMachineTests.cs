using EdgeVideoLlava.Tests.Ptx.Execution;
using EdgeVideoLlava.Tests.Ptx.Text;

namespace EdgeVideoLlava.Tests.Unit.Ptx;

/// <summary>Kernels run as the PTX ISA says, in either order of the lanes.</summary>
public sealed class PtxMachineTests
{
    public static TheoryData<LaneOrder> Orders => [LaneOrder.Ascending, LaneOrder.Descending];

    /// <summary>Each lane turns as often as its own number needs.</summary>
    [Theory, MemberData(nameof(Orders))]
    public void Lanes_have_places_of_their_own_in_the_code(LaneOrder order)
    {
        uint[] steps = PtxProgram.Run("""
            add.s32 %r2, %r1, 1;
            mov.b32 %r3, 0;
            LOOP:
            setp.eq.s32 %p1, %r2, 1;
            @%p1 bra DONE;
            and.b32 %r4, %r2, 1;
            setp.eq.s32 %p2, %r4, 0;
            shr.u32 %r5, %r2, 1;
            mad.lo.s32 %r6, %r2, 3, 1;
            selp.b32 %r2, %r5, %r6, %p2;
            add.s32 %r3, %r3, 1;
            bra.uni LOOP;
            DONE:
            st.global.b32 [%rd4], %r3;
            """, order: order);
        Assert.Equal([0, 1, 7, 2, 5, 8, 16, 3], steps.Take(8)); // of Collatz
        Assert.Equal(106u, steps[30]); // 31
    }

    [Fact]
    public void Guards_and_special_registers()
    {
        uint[] y = PtxProgram.Run("""
            mov.b32 %r2, %ctaid.x;
            mov.b32 %r3, %ntid.x;
            mad.lo.s32 %r4, %r2, %r3, %r1;
            mov.b32 %r5, %nctaid.x;
            mov.b32 %r6, %laneid;
            mad.lo.s32 %r6, %r5, 100, %r6;
            setp.lt.s32 %p1, %r1, 20;
            @!%p1 mov.b32 %r6, 7;
            mul.wide.u32 %rd6, %r4, 4;
            add.u64 %rd7, %rd2, %rd6;
            st.global.b32 [%rd7], %r6;
            """, items: 21, groups: 3);
        for (int i = 0; i < 63; i++) Assert.Equal(i % 21 == 20 ? 7u : 300u + (uint)i % 21, y[i]);
    }

    [Theory, MemberData(nameof(Orders))]
    public void Barriers_order_shared_memory(LaneOrder order)
    {
        uint[] y = PtxProgram.Run("""
            st.shared.b32 [%rd3], %r1;
            bar.sync 0;
            xor.b32 %r2, %r1, 63;
            mul.wide.u32 %rd6, %r2, 4;
            mov.b64 %rd7, s;
            add.u64 %rd7, %rd7, %rd6;
            ld.shared.b32 %r3, [%rd7];
            st.global.b32 [%rd4], %r3;
            """, items: 64, order: order);
        Assert.Equal(Enumerable.Range(0, 64).Select(i => 63u - (uint)i), y);
    }

    [Fact]
    public void Vectors_and_numbers_of_less_than_a_word()
    {
        uint[] x = [0x80706050, 2, 3, 4];
        uint[] y = PtxProgram.Run("""
            setp.ne.s32 %p1, %r1, 0;
            @%p1 bra DONE;
            ld.global.v4.b32 {%r2, %r3, %r4, %r5}, [%rd1];
            ld.global.b8 %r6, [%rd1+3];
            ld.global.b16 %rs1, [%rd1+2];
            cvt.u32.u16 %r7, %rs1;
            mov.b32 {%rs2, %rs3}, %r2;
            cvt.u32.u16 %r8, %rs3;
            st.global.v4.b32 [%rd2], {%r5, %r6, %r7, %r8};
            st.global.b8 [%rd2+17], 255;
            DONE:
            """, x);
        Assert.Equal([4u, 0x80, 0x8070, 0x8070, 0xff00], y.Take(5));
    }

    /// <summary>What a launch gives must fit the text.</summary>
    [Fact]
    public void A_launch_that_does_not_fit_is_refused()
    {
        PtxModule module = PtxProgram.Module("");
        var global = new GlobalMemory([]);
        PtxFaultException bytes = Assert.Throws<PtxFaultException>(()
            => new PtxMachine(module).Run(new byte[8], new LaunchShape(1, 1, 1, 32), global));
        PtxFaultException items = Assert.Throws<PtxFaultException>(()
            => new PtxMachine(module).Run(new byte[16], new LaunchShape(1, 1, 1, 65), global));
        Assert.Equal((FaultKind.Launch, FaultKind.Launch), (bytes.Kind, items.Kind));
    }

    /// <summary>Who finds a fault first tells the order.</summary>
    [Theory, InlineData(LaneOrder.Ascending, "item 0 "), InlineData(LaneOrder.Descending, "item 63 ")]
    public void The_order_of_lanes_can_be_turned(LaneOrder order, string first)
    {
        Action run = () => PtxProgram.Run("ld.shared.b32 %r2, [%rd3];", items: 64, order: order);
        Assert.Contains(first, Assert.Throws<PtxFaultException>(run).Message);
    }

    /// <summary>Also where it meets others again and again.</summary>
    [Theory, InlineData(""), InlineData("bar.sync 0;\n")]
    public void A_lane_that_does_not_end_is_ended(string barrier)
    {
        PtxModule module = PtxProgram.Module($"L:\n{barrier}bra.uni L;");
        Action run = () => new PtxMachine(module, longest: 1000).Run(new byte[16], new LaunchShape(1, 1, 1, 32), new GlobalMemory([]));
        Assert.Equal(FaultKind.Endless, Assert.Throws<PtxFaultException>(run).Kind);
    }

    /// <summary>Coverage is what any lane of any launch has run.</summary>
    [Fact]
    public void Instructions_that_have_run_are_known()
    {
        PtxModule module = PtxProgram.Module("setp.lt.s32 %p1, %r1, 1000;\n@%p1 bra DONE;\nmov.b32 %r2, 5;\nDONE:");
        PtxProgram.Run(module);
        Assert.Equal("mov.b32 %r2, 5", module.Lines[Assert.Single(Enumerable.Range(0, module.Code.Length), at => !module.Covered[at])]);
    }
}
