using EdgeVideoLlava.Tests.Ptx.Instructions;

namespace EdgeVideoLlava.Tests.Unit.Ptx;

/// <summary>What opcodes compute, at the places where C# would do something else or a slip would not show.</summary>
public sealed class FormulasTests
{
    private const ulong NaN = 0x7fc00000, One = 0x3f800000, Two = 0x40000000, MinusTwo = 0xc0000000;

    [Theory]
    [InlineData("add.s32", 0xffffffff, 2, 0, 1)]
    [InlineData("sub.s32", 1, 2, 0, 0xffffffff)]
    [InlineData("mul.lo.s32", 0x10000, 0x10001, 0, 0x10000)]
    [InlineData("mad.lo.s32", 3, 5, 0xffffffff, 14)]
    [InlineData("mul.wide.u32", 0xffffffff, 2, 0, 0x1fffffffe)]
    [InlineData("mul.wide.s32", 0xffffffff, 2, 0, 0xfffffffffffffffe)]
    [InlineData("div.s32", 0xfffffff9, 2, 0, 0xfffffffd)] // -7 / 2 = -3
    [InlineData("rem.s32", 0xfffffff9, 2, 0, 0xffffffff)]
    [InlineData("div.u32", 0xfffffff9, 2, 0, 0x7ffffffc)]
    [InlineData("div.s32", 0x80000000, 0xffffffff, 0, 0x80000000)]
    [InlineData("rem.s32", 0x80000000, 0xffffffff, 0, 0)]
    [InlineData("rem.u64", 0xffffffffffffffff, 10, 0, 5)]
    [InlineData("min.s32", 0xffffffff, 1, 0, 0xffffffff)]
    [InlineData("min.u32", 0xffffffff, 1, 0, 1)]
    [InlineData("abs.s32", 0x80000000, 0, 0, 0x80000000)]
    [InlineData("shl.b32", 1, 32, 0, 0)]
    [InlineData("shr.u32", 0x80000000, 33, 0, 0)]
    [InlineData("shr.s32", 0x80000000, 33, 0, 0xffffffff)]
    [InlineData("shr.s64", 0x8000000000000000, 64, 0, 0xffffffffffffffff)]
    [InlineData("not.pred", 1, 0, 0, 0)]
    [InlineData("selp.b32", 7, 8, 1, 7)]
    [InlineData("selp.b32", 7, 8, 0, 8)]
    [InlineData("popc.b32", 0xf0f, 0, 0, 8)]
    public void Whole_numbers(string opcode, ulong a, ulong b, ulong c, ulong result) => Check(opcode, a, b, c, result);

    [Theory]
    [InlineData("add.f32", One, One, 0, Two)]
    [InlineData("sub.f32", One, 0x40400000, 0, MinusTwo)]
    [InlineData("fma.rn.f32", 0x3f800001, 0x3f800001, 0xbf800002, 0x28800000)] // (1 + u)² - (1 + 2u) = u², lost in two roundings
    [InlineData("neg.f32", 0, 0, 0, 0x80000000)]
    [InlineData("abs.f32", MinusTwo, 0, 0, Two)]
    [InlineData("max.f32", NaN, One, 0, One)]
    [InlineData("min.f32", One, NaN, 0, One)]
    [InlineData("min.f32", 0, 0x80000000, 0, 0x80000000)]
    [InlineData("rcp.rn.f32", Two, 0, 0, 0x3f000000)]
    [InlineData("sqrt.rn.f32", 0x40800000, 0, 0, Two)]
    [InlineData("ex2.approx.f32", Two, 0, 0, 0x40800000)]
    [InlineData("lg2.approx.f32", Two, 0, 0, One)]
    [InlineData("div.rn.f64", 0x3ff0000000000000, 0x4000000000000000, 0, 0x3fe0000000000000)]
    public void Floats(string opcode, ulong a, ulong b, ulong c, ulong result) => Check(opcode, a, b, c, result);

    [Theory]
    [InlineData("setp.lt.s32", 0xffffffff, 1, true)]
    [InlineData("setp.lt.u32", 0xffffffff, 1, false)]
    [InlineData("setp.hs.u32", 0xffffffff, 1, true)]
    [InlineData("setp.ne.s32", 1, 1, false)]
    [InlineData("setp.ne.f32", NaN, One, false)]
    [InlineData("setp.neu.f32", NaN, One, true)]
    [InlineData("setp.eq.f32", NaN, NaN, false)]
    [InlineData("setp.equ.f32", NaN, One, true)]
    [InlineData("setp.equ.f32", Two, One, false)]
    [InlineData("setp.lt.f32", NaN, One, false)]
    [InlineData("setp.ltu.f32", NaN, One, true)]
    [InlineData("setp.geu.f32", One, Two, false)]
    [InlineData("setp.eq.f32", 0, 0x80000000, true)]
    public void Comparisons(string opcode, ulong a, ulong b, bool result) => Check(opcode, a, b, 0, result ? 1ul : 0);

    [Theory]
    [InlineData("cvt.rzi.s32.f32", 0xc0200000, 0, 0xfffffffe)] // -2.5
    [InlineData("cvt.rzi.s32.f32", 0x4f800000, 0, 0x7fffffff)] // 2^32
    [InlineData("cvt.rzi.u32.f32", MinusTwo, 0, 0)]
    [InlineData("cvt.rzi.s32.f32", NaN, 0, 0)]
    [InlineData("cvt.rzi.s8.f32", 0xc3480000, 0, 0xff80)] // -200
    [InlineData("cvt.s32.s8", 0x80, 0, 0xffffff80)]
    [InlineData("cvt.s32.u8", 0x180, 0, 0x80)]
    [InlineData("cvt.s64.s32", 0xffffffff, 0, 0xffffffffffffffff)]
    [InlineData("cvt.u64.u32", 0xffffffff, 0, 0xffffffff)]
    [InlineData("cvt.f32.f16", 0xc000, 0, MinusTwo)]
    [InlineData("cvt.rn.f16.f32", 0x3f801000, 0, 0x3c00)] // a tie, to even
    [InlineData("cvt.rn.f16x2.f32", Two, One, 0x40003c00)]
    public void Conversions(string opcode, ulong a, ulong b, ulong result) => Check(opcode, a, b, 0, result);

    /// <summary>The table is the result for a = 0xf0, b = 0xcc, c = 0xaa (PTX ISA, "lop3").</summary>
    [Theory, InlineData(0xea), InlineData(0x80), InlineData(0x96), InlineData(0x1b)]
    public void A_lookup_table_is_its_own_result(int table)
        => Assert.Equal((ulong)table, Formulas.Lookup(table)(0xf0, 0xcc, 0xaa) & 0xff);

    [Fact]
    public void An_opcode_that_is_not_known_is_refused()
        => Assert.Contains("tanh.approx.f32", Assert.Throws<NotSupportedException>(() => Formulas.Of("tanh.approx.f32")).Message);

    private static void Check(string opcode, ulong a, ulong b, ulong c, ulong result)
        => Assert.Equal(result, Formulas.Of(opcode).Compute(a, b, c));
}
