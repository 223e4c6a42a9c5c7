using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>The loop of a kernel's machine code that reads most of memory, which is where a product spends its time.</summary>
/// <param name="Instructions">Of one turn; as many as the assembler made of it by unrolling.</param>
/// <param name="Loads">Among them loads of 128 bits from memory.</param>
internal sealed partial record HotLoop(int Instructions, int Loads)
{
    /// <param name="code">As cuobjdump -sass prints it.</param>
    public static HotLoop Of(string code)
    {
        (int Address, string Text)[] lines = [.. Line().Matches(code)
            .Select(line => (Address(line.Groups[1].Value), line.Groups[2].Value))];
        IEnumerable<HotLoop> loops = from line in lines
                                     let jump = Jump().Match(line.Text)
                                     where jump.Success && Address(jump.Groups[1].Value) < line.Address
                                     let inside = lines.Where(other => other.Address >= Address(jump.Groups[1].Value)
                                     && other.Address <= line.Address && !other.Text.Contains("NOP")).ToArray()
                                     select new HotLoop(inside.Length, inside.Count(other => Load().IsMatch(other.Text)));
        return loops.OrderByDescending(loop => loop.Loads).ThenBy(loop => loop.Instructions).First();
    }

    private static int Address(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"/\*([0-9a-f]{4,5})\*/\s+(.*?);")]
    private static partial Regex Line();

    [GeneratedRegex(@"\bBRA\S* .*?0x([0-9a-f]+)")]
    private static partial Regex Jump();

    [GeneratedRegex(@"\bLDG\.E\.128")]
    private static partial Regex Load();
}
