using EdgeVideoLlava.Tests.Ptx.Text;

namespace EdgeVideoLlava.Tests.Unit.Ptx;

/// <summary>What the parser does not know it refuses, with the line.</summary>
public sealed class PtxParserTests
{
    [Theory]
    [InlineData("tanh.approx.f32 %f1, %f2;")]
    [InlineData("add.f32 %f1, %f2;")]
    [InlineData("add.f32 %f1, %f2, %f99;")]
    [InlineData("mov.b32 %r1, %clock;")]
    [InlineData("mov.b32 %r1, unknown;")]
    [InlineData("ld.local.b32 %r1, [%rd1];")]
    [InlineData("ld.volatile.global.b32 %r1, [%rd1];")]
    [InlineData("ld.global.s8 %r1, [%rd1];")]
    [InlineData("ld.global.v4.b32 {%r1, %r2}, [%rd1];")]
    [InlineData("ld.shared.b16 %rs1, [%rd3];")]
    [InlineData("ld.param.b32 %r1, [_z];")]
    [InlineData("ld.param.b64 %rd1, [_x+8];")]
    [InlineData("bar.sync 1;")]
    [InlineData("bra.other L_1;")]
    [InlineData("bra L_1;")]
    [InlineData("setp.lo.s32 %p1, %r1, %r2;")]
    [InlineData("shfl.sync.bfly.b32 %r1|%p1, %r2, 1, 31, -1;")]
    [InlineData("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%f1, %f2, %f3, %f4}, {%r1, %r2}, {%r3}, {%f1, %f2, %f3, %f4};")]
    [InlineData("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%r1, %r2}, [%rd3];")]
    [InlineData("cp.async.ca.shared.global [%rd3], [%rd1], 4;")]
    [InlineData("call Function_1;")]
    [InlineData(".local .align 4 .b8 l[64];")]
    [InlineData("add.s32 %r1, %r2, 1")]
    public void A_line_that_is_not_known_is_refused(string line)
    {
        string message = Assert.Throws<NotSupportedException>(() => PtxProgram.Module(line)).Message;
        Assert.Contains("planted: ", message);
    }

    [Fact]
    public void A_text_with_two_entries_is_refused()
    {
        const string entry = ".visible .entry A(\n.param .b32 _x\n)\n{\nret;\n}\n";
        Assert.Single(PtxModule.Parse(entry, "one").Code);
        Assert.Throws<NotSupportedException>(() => PtxModule.Parse(entry + entry, "two"));
        Assert.Throws<NotSupportedException>(() => PtxModule.Parse("", "none"));
    }

    /// <summary>As the driver lays them out: each at a multiple of its own alignment.</summary>
    [Fact]
    public void Parameters_are_aligned()
    {
        PtxModule module = PtxModule.Parse("""
            .visible .entry A(
            .param .b8 _a,
            .param .align 8 .b8 _b[20],
            .param .b16 _c
            )
            {
            .reg .b32 %r<4>;
            ld.param.b8 %r1, [_a];
            ld.param.b32 %r2, [_b+16];
            ld.param.b16 %r3, [_c];
            ret;
            }
            """, "parameters");
        Assert.Equal([(0, 1), (24, 4), (28, 2)], module.ParameterSlots.Select(slot => (slot.Offset, slot.Bytes)));
        Assert.Equal(30, module.ParameterBytes);
    }

    [Fact]
    public void Functions_are_passed_over()
        => Assert.Single(PtxModule.Parse(".visible .func F(\n)\n{\ncall G;\n}\n.visible .entry A(\n)\n{\nret;\n}\n", "functions").Code);
}
