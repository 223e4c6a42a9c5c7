using System.Numerics;

namespace EdgeVideoLlava.Tests.Ptx.Instructions;

/// <summary>float32 and float64, rounded to the nearest.</summary>
internal static partial class Formulas
{
    private static void AddFloats<TType, T>() where TType : struct, INumberType<T> where T : IFloatingPointIeee754<T>
    {
        string type = TType.Name;
        Add($"add.{type} add.rn.{type}", 2, static (a, b, _) => TType.Bits(TType.Number(a) + TType.Number(b)));
        Add($"sub.{type} sub.rn.{type}", 2, static (a, b, _) => TType.Bits(TType.Number(a) - TType.Number(b)));
        Add($"mul.{type} mul.rn.{type}", 2, static (a, b, _) => TType.Bits(TType.Number(a) * TType.Number(b)));
        Add($"fma.rn.{type}", 3, FusedMultiplyAdd<TType, T>());
        Add($"div.rn.{type}", 2, static (a, b, _) => TType.Bits(TType.Number(a) / TType.Number(b)));
        Add($"rcp.rn.{type}", 1, static (a, _, _) => TType.Bits(T.One / TType.Number(a)));
        Add($"sqrt.rn.{type}", 1, static (a, _, _) => TType.Bits(T.Sqrt(TType.Number(a))));
        Add($"neg.{type}", 1, static (a, _, _) => TType.Bits(-TType.Number(a)));
        Add($"abs.{type}", 1, static (a, _, _) => TType.Bits(T.Abs(TType.Number(a))));
        // Of a number and a NaN the number (PTX ISA, "min", "max").
        Add($"min.{type}", 2, static (a, b, _) => TType.Bits(T.MinNumber(TType.Number(a), TType.Number(b))));
        Add($"max.{type}", 2, static (a, b, _) => TType.Bits(T.MaxNumber(TType.Number(a), TType.Number(b))));
    }

    private static Formula FusedMultiplyAdd<TType, T>() where TType : struct, INumberType<T> where T : IFloatingPointIeee754<T>
        => static (a, b, c) => TType.Bits(T.FusedMultiplyAdd(TType.Number(a), TType.Number(b), TType.Number(c)));

    /// <summary>a · b + c in one rounding, as mul.f32 and add.f32 may become; with the product or c negated.</summary>
    public static Formula Contracted(bool negatedProduct, bool negatedSum) => (a, b, c) =>
    {
        float product = negatedProduct ? -F32.Number(a) : F32.Number(a), sum = negatedSum ? -F32.Number(c) : F32.Number(c);
        return F32.Bits(MathF.FusedMultiplyAdd(product, F32.Number(b), sum));
    };

    /// <summary>The hardware's own are 2 units in the last place off at most; these are not.</summary>
    private static void AddFunctions()
    {
        Add("ex2.approx.f32", 1, (a, _, _) => F32.Bits((float)Math.Pow(2, F32.Number(a))));
        Add("lg2.approx.f32", 1, (a, _, _) => F32.Bits((float)Math.Log2(F32.Number(a))));
    }
}
