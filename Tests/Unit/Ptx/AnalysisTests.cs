using EdgeVideoLlava.Tests.Ptx.Analysis;
using EdgeVideoLlava.Tests.Ptx.Text;

namespace EdgeVideoLlava.Tests.Unit.Ptx;

public sealed class AnalysisTests
{
    [Theory]
    [InlineData("add.s32 %r2, %r3, 1;", "add.s32 %r2, %r3, 1: %r3")]
    [InlineData("setp.eq.s32 %p1, %r1, 0;\n@%p1 bra A;\nmov.b32 %r2, 1;\nA:\nst.global.b32 [%rd4], %r2;", "st.global.b32 [%rd4], %r2: %r2")]
    [InlineData("setp.eq.s32 %p1, %r1, 0;\n@%p1 mov.b32 %r2, 1;\nst.global.b32 [%rd4], %r2;", "st.global.b32 [%rd4], %r2: %r2")]
    [InlineData("L:\nsetp.eq.s32 %p1, %r2, 0;\nmov.b32 %r2, %r1;\n@%p1 bra L;", "setp.eq.s32 %p1, %r2, 0: %r2")]
    public void A_register_that_may_be_read_unwritten_is_found(string body, string found)
        => Assert.Equal([found], Definedness.UndefinedReads(PtxProgram.Module(body)));

    [Fact]
    public void Registers_written_on_every_way_are_fine()
        => Assert.Empty(Definedness.UndefinedReads(PtxProgram.Module("""
            setp.eq.s32 %p1, %r1, 0;
            @%p1 bra A;
            mov.b32 %r2, 1;
            bra.uni B;
            A:
            mov.b32 %r2, 2;
            B:
            st.global.b32 [%rd4], %r2;
            """)));

    private const string Factors = "mov.f32 %f1, 0f3F800001;\nmov.f32 %f2, 0f3F800001;\nmov.f32 %f3, 0f3F800002;\n";

    /// <summary>(1 + u)² less 1 + 2u is u² in one rounding and 0 in two.</summary>
    [Theory]
    [InlineData("mul.f32 %f4, %f1, %f2;\nsub.f32 %f5, %f4, %f3;", 1, 0x28800000u)]
    [InlineData("mul.f32 %f4, %f1, %f2;\nsub.f32 %f5, %f3, %f4;", 1, 0xa8800000u)]
    [InlineData("mul.f32 %f4, %f1, %f2;\nneg.f32 %f3, %f3;\nadd.f32 %f5, %f3, %f4;", 1, 0x28800000u)]
    [InlineData("mul.rn.f32 %f4, %f1, %f2;\nsub.f32 %f5, %f4, %f3;", 0, 0u)]
    [InlineData("mul.f32 %f4, %f1, %f2;\nsub.rn.f32 %f5, %f4, %f3;", 0, 0u)]
    [InlineData("mul.f32 %f4, %f1, %f2;\nsub.f32 %f5, %f4, %f3;\nmov.f32 %f6, %f4;", 0, 0u)] // used twice
    [InlineData("mul.f32 %f4, %f1, %f2;\nmov.f32 %f1, %f3;\nsub.f32 %f5, %f4, %f3;", 0, 0u)] // a factor has changed
    [InlineData("mul.f32 %f4, %f1, %f2;\nbra.uni A;\nA:\nsub.f32 %f5, %f4, %f3;", 0, 0u)] // another block
    public void Products_and_sums_are_contracted_as_the_assembler_may(string code, int contracted, uint result)
    {
        PtxModule module = PtxProgram.Module($"{Factors}{code}\nst.global.f32 [%rd4], %f5;");
        Assert.Equal(contracted, Contraction.Apply(module));
        Assert.Equal(result, PtxProgram.Run(module)[0]);
    }
}
