using System.Numerics;

namespace EdgeVideoLlava.Tests.Ptx.Instructions;

/// <summary>setp: predicates, 0 or 1.</summary>
internal static partial class Formulas
{
    private static void AddComparisons<TType, T>() where TType : struct, INumberType<T> where T : INumber<T>
    {
        string type = TType.Name, words = type[0] == 's' ? $" setp.eq.b{type[1..]}" : "";
        Add($"setp.eq.{type}{words}", 2, static (a, b, _) => Bit(TType.Number(a) == TType.Number(b)));
        // Of a NaN no ordered comparison is true, "ne" neither, unlike in C#.
        Add($"setp.ne.{type}{words.Replace("eq", "ne")}", 2, static (a, b, _)
            => Bit(TType.Number(a) < TType.Number(b) || TType.Number(a) > TType.Number(b)));
        bool signless = type[0] == 'u';
        Add($"setp.lt.{type}{(signless ? $" setp.lo.{type}" : "")}", 2, static (a, b, _) => Bit(TType.Number(a) < TType.Number(b)));
        Add($"setp.le.{type}{(signless ? $" setp.ls.{type}" : "")}", 2, static (a, b, _) => Bit(TType.Number(a) <= TType.Number(b)));
        Add($"setp.gt.{type}{(signless ? $" setp.hi.{type}" : "")}", 2, static (a, b, _) => Bit(TType.Number(a) > TType.Number(b)));
        Add($"setp.ge.{type}{(signless ? $" setp.hs.{type}" : "")}", 2, static (a, b, _) => Bit(TType.Number(a) >= TType.Number(b)));
    }

    /// <summary>Comparisons that are also true where one side is a NaN.</summary>
    private static void AddUnordered<TType, T>() where TType : struct, INumberType<T> where T : INumber<T>
    {
        string type = TType.Name;
        Add($"setp.neu.{type}", 2, static (a, b, _) => Bit(TType.Number(a) != TType.Number(b)));
        Add($"setp.equ.{type}", 2, static (a, b, _) => Bit(!(TType.Number(a) < TType.Number(b)) && !(TType.Number(a) > TType.Number(b))));
        Add($"setp.ltu.{type}", 2, static (a, b, _) => Bit(!(TType.Number(a) >= TType.Number(b))));
        Add($"setp.leu.{type}", 2, static (a, b, _) => Bit(!(TType.Number(a) > TType.Number(b))));
        Add($"setp.gtu.{type}", 2, static (a, b, _) => Bit(!(TType.Number(a) <= TType.Number(b))));
        Add($"setp.geu.{type}", 2, static (a, b, _) => Bit(!(TType.Number(a) < TType.Number(b))));
    }
}
