using System.Numerics;

namespace EdgeVideoLlava.Tests.Ptx.Instructions;

/// <summary>Moves, bits and whole numbers.</summary>
internal static partial class Formulas
{
    private static void AddMoves()
    {
        Add("mov.pred mov.b16 mov.b32 mov.u32 mov.s32 mov.f32 mov.b64 mov.u64 mov.s64 mov.f64 cvta.to.global.u64", 1, (a, _, _) => a);
        Add("selp.b32 selp.u32 selp.s32 selp.f32 selp.b64 selp.u64 selp.s64 selp.f64", 3, (a, b, c) => c != 0 ? a : b);
    }

    private static void AddBits()
    {
        Add("and.pred and.b16 and.b32 and.b64", 2, (a, b, _) => a & b);
        Add("or.pred or.b16 or.b32 or.b64", 2, (a, b, _) => a | b);
        Add("xor.pred xor.b16 xor.b32 xor.b64", 2, (a, b, _) => a ^ b);
        Add("not.pred", 1, (a, _, _) => a ^ 1);
        Add("not.b32", 1, (a, _, _) => ~(uint)a);
        Add("not.b64", 1, (a, _, _) => ~a);
        // Shifts by more than the width give what is shifted in (PTX ISA, "shl", "shr").
        Add("shl.b32", 2, (a, b, _) => (uint)b > 31 ? 0 : (uint)a << (int)b);
        Add("shr.u32 shr.b32", 2, (a, b, _) => (uint)b > 31 ? 0 : (uint)a >> (int)b);
        Add("shr.s32", 2, (a, b, _) => (uint)((int)a >> (int)Math.Min((uint)b, 31)));
        Add("shl.b64", 2, (a, b, _) => (uint)b > 63 ? 0 : a << (int)b);
        Add("shr.u64 shr.b64", 2, (a, b, _) => (uint)b > 63 ? 0 : a >> (int)b);
        Add("shr.s64", 2, (a, b, _) => (ulong)((long)a >> (int)Math.Min((uint)b, 63)));
        Add("popc.b32", 1, (a, _, _) => (uint)BitOperations.PopCount((uint)a));
    }

    /// <summary>lop3.b32: bit n of the table is the result where a, b and c are the bits of n, a the highest.</summary>
    public static Formula Lookup(int table) => (a, b, c) =>
    {
        ulong result = 0;
        for (int n = 0; n < 8; n++)
        {
            if ((table >> n & 1) != 0) result |= ((n & 4) != 0 ? a : ~a) & ((n & 2) != 0 ? b : ~b) & ((n & 1) != 0 ? c : ~c);
        }
        return (uint)result;
    };

    private static void AddIntegers<TType, T>() where TType : struct, INumberType<T> where T : IBinaryInteger<T>
    {
        string type = TType.Name;
        Add($"add.{type}", 2, static (a, b, _) => TType.Bits(TType.Number(a) + TType.Number(b)));
        Add($"sub.{type}", 2, static (a, b, _) => TType.Bits(TType.Number(a) - TType.Number(b)));
        Add($"mul.lo.{type}", 2, static (a, b, _) => TType.Bits(TType.Number(a) * TType.Number(b)));
        Add($"mad.lo.{type}", 3, static (a, b, c) => TType.Bits(TType.Number(a) * TType.Number(b) + TType.Number(c)));
        Add($"div.{type}", 2, static (a, b, _) => TType.Bits(Quotient(TType.Number(a), TType.Number(b))));
        Add($"rem.{type}", 2, static (a, b, _)
            => TType.Bits(TType.Number(a) - Quotient(TType.Number(a), TType.Number(b)) * TType.Number(b)));
        Add($"min.{type}", 2, static (a, b, _) => TType.Bits(T.Min(TType.Number(a), TType.Number(b))));
        Add($"max.{type}", 2, static (a, b, _) => TType.Bits(T.Max(TType.Number(a), TType.Number(b))));
        if (type[0] != 's') return;
        Add($"neg.{type}", 1, static (a, _, _) => TType.Bits(-TType.Number(a)));
        Add($"abs.{type}", 1, static (a, _, _) => TType.Bits(T.IsNegative(TType.Number(a)) ? -TType.Number(a) : TType.Number(a)));
    }

    /// <summary>Asks before it divides: PoCL, once it is loaded, makes the processor's own alarm of a zero be passed over in the
    /// whole process. The least number by -1 wraps.</summary>
    private static T Quotient<T>(T a, T b) where T : IBinaryInteger<T>
        => T.IsZero(b) ? throw new DivideByZeroException() : T.IsNegative(b) && b == -T.One ? -a : a / b;

    private static void AddWide()
    {
        Add("mul.wide.u32", 2, (a, b, _) => (ulong)(uint)a * (uint)b);
        Add("mul.wide.s32", 2, (a, b, _) => (ulong)((long)(int)a * (int)b));
    }
}
