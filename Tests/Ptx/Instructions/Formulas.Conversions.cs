namespace EdgeVideoLlava.Tests.Ptx.Instructions;

/// <summary>cvt (PTX ISA, "cvt"): floats to whole numbers are cut off at the ends of the range, a NaN is 0.</summary>
internal static partial class Formulas
{
    private static void AddConversions()
    {
        Add("cvt.u16.u32 cvt.u32.u16 cvt.s32.u16", 1, (a, _, _) => (ushort)a);
        Add("cvt.s32.s16", 1, (a, _, _) => (uint)(short)a);
        Add("cvt.u32.u8 cvt.s32.u8", 1, (a, _, _) => (byte)a);
        Add("cvt.s32.s8", 1, (a, _, _) => (uint)(sbyte)a);
        Add("cvt.u64.u32 cvt.u32.u64 cvt.s32.s64", 1, (a, _, _) => (uint)a);
        Add("cvt.s64.s32", 1, (a, _, _) => (ulong)(int)a);
        Add("cvt.f32.f16", 1, (a, _, _) => F32.Bits(F16.Number(a)));
        Add("cvt.rn.f16.f32", 1, (a, _, _) => F16.Bits(F32.Number(a)));
        Add("cvt.rn.f16x2.f32", 2, (a, b, _) => F16.Bits(F32.Number(a)) << 16 | F16.Bits(F32.Number(b)));
        Add("cvt.rn.f32.s32", 1, (a, _, _) => F32.Bits((int)a));
        Add("cvt.rn.f32.u32", 1, (a, _, _) => F32.Bits((uint)a));
        Add("cvt.f64.f32", 1, (a, _, _) => F64.Bits(F32.Number(a)));
        Add("cvt.rn.f32.f64", 1, (a, _, _) => F32.Bits((float)F64.Number(a)));
        Add("cvt.rn.f64.u32", 1, (a, _, _) => F64.Bits((uint)a));
        Add("cvt.rn.f64.s32", 1, (a, _, _) => F64.Bits((int)a));
        Add("cvt.rn.f64.s64", 1, (a, _, _) => F64.Bits((long)a));
        Add("cvt.rzi.s8.f32", 1, (a, _, _) => (ushort)Whole(F32.Number(a), sbyte.MinValue, sbyte.MaxValue));
        Add("cvt.rzi.s32.f32", 1, (a, _, _) => (uint)Whole(F32.Number(a), int.MinValue, int.MaxValue));
        Add("cvt.rzi.u32.f32", 1, (a, _, _) => (uint)Whole(F32.Number(a), uint.MinValue, uint.MaxValue));
        Add("cvt.rzi.s32.f64", 1, (a, _, _) => (uint)Whole(F64.Number(a), int.MinValue, int.MaxValue));
    }

    private static long Whole(double number, long least, long most)
        => double.IsNaN(number) ? 0 : number <= least ? least : number >= most ? most : (long)number;
}
