using System.Buffers.Binary;
using EdgeVideoLlava.Tests.Fuzz;
using FsCheck;
using FsCheck.Fluent;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Weights;

/// <summary>Valid files with random damage, for every parser of foreign files: each is read, or refused in one line that names it; nothing
/// is allocated for what it only claims. The files are those with which fuzzing begins.</summary>
public sealed class MutantTests(ITestOutputHelper output)
{
    /// <summary>Of each file; more than 2000 together.</summary>
    private const int Mutants = 150;

    /// <summary>Numbers at which sums, products and signs go wrong.</summary>
    private static readonly ulong[] Edges = [0, 1, 7, 33, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x1_0000_0001, 1UL << 40, (1UL << 61) + 1,
        (1UL << 62) + 1, long.MaxValue, 1UL << 63, ulong.MaxValue];

    public static TheoryData<string, string> Files
        => [.. Parsers.All.Keys.SelectMany(parser => ParserPlace.Corpus(parser).Order().Select(file => (parser, Path.GetFileName(file))))];

    [Fact]
    public void Every_parser_has_files() => Assert.All(Parsers.All.Keys, parser => Assert.NotEmpty(ParserPlace.Corpus(parser)));

    [Theory, MemberData(nameof(Files))]
    public void A_mutant_is_read_or_refused(string parser, string name)
    {
        byte[] valid = File.ReadAllBytes(ParserPlace.Corpus(parser).Single(file => Path.GetFileName(file) == name));
        using var place = new ParserPlace(Parsers.All[parser]);
        Assert.Null(place.Try(valid));
        int refused = 0, header = Math.Min(valid.Length, 1500);
        Gen<Damage[]> damages = Gen.Choose(1, 4).SelectMany(count => Gen.ArrayOf(
            Gen.Zip(Gen.Choose(0, 5), Gen.Choose(0, header - 1), (kind, at) => (kind, at))
                .SelectMany(_ => Gen.Choose(0, int.MaxValue), (place, number) => new Damage(place.kind, place.at, number)), count));
        Damage[][] all = [.. Gen.Sample(damages, Mutants, new Rnd((ulong)valid.Length, 1UL), 100)];
        Assert.Equal(Mutants, all.Length);
        foreach (Damage[] damage in all)
        {
            try
            {
                if (place.Try(damage.Aggregate(valid, (bytes, one) => one.Do(bytes))) != null) refused++;
            }
            catch (Exception e)
            {
                Assert.Fail($"{string.Join(", ", damage.Select(one => one.ToString()))}: {e}");
            }
        }
        output.WriteLine($"{refused} of {Mutants} refused");
        Assert.InRange(refused, Mutants / 4, Mutants);
    }

    /// <summary>One change of a file.</summary>
    private sealed record Damage(int Kind, int At, int Number)
    {
        public byte[] Do(byte[] bytes)
        {
            if (bytes.Length == 0) return bytes;
            int at = At % bytes.Length, length = Math.Min(1 + Number % 40, bytes.Length - at);
            byte[] copy = [.. bytes];
            switch (Kind)
            {
                case 0: copy[at] = (byte)Number; break;
                case 1: copy[at] ^= (byte)(1 << (Number % 8)); break;
                case 2: WriteEdge(copy, at); break;
                case 3: return copy[..at];
                case 4: return [.. copy[..at], .. copy[(at + length)..]];
                default: return [.. copy[..at], .. copy[at..(at + length)], .. copy[at..]];
            }
            return copy;
        }

        private void WriteEdge(byte[] bytes, int at)
        {
            Span<byte> number = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(number, Edges[Number % Edges.Length]);
            int size = Math.Min(Number % 2 == 0 ? 4 : 8, bytes.Length - at);
            number[..size].CopyTo(bytes.AsSpan(at));
        }
    }
}
