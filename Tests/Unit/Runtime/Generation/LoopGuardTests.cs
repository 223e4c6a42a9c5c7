using EdgeVideoLlava.Runtime.Generation;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Generation;

public sealed class LoopGuardTests
{
    /// <summary>The definition: some phrase of 2 to 128 tokens stands four times at the end.</summary>
    private static bool Definition(ReadOnlySpan<int> ids)
    {
        for (int length = 2; length <= 128 && 4 * length <= ids.Length; length++)
        {
            ReadOnlySpan<int> phrase = ids[^length..];
            bool loops = true;
            for (int repeat = 1; repeat < 4; repeat++) loops &= ids[^((repeat + 1) * length)..^(repeat * length)].SequenceEqual(phrase);
            if (loops) return true;
        }
        return false;
    }

    private static int? StopsAt(IEnumerable<int> ids)
    {
        var guard = new LoopGuard();
        int at = 0;
        foreach (int id in ids)
        {
            if (guard.Add(id)) return at;
            at++;
        }
        return null;
    }

    [Fact]
    public void It_stops_exactly_where_the_definition_does()
    {
        var random = new Random(11);
        int stops = 0;
        for (int round = 0; round < 300; round++)
        {
            var guard = new LoopGuard();
            var ids = new List<int>();
            int[] phrase = [.. Enumerable.Range(0, random.Next(1, 140)).Select(_ => random.Next(3))];
            for (int i = 0; i < 700; i++)
            {
                ids.Add(random.Next(100) == 0 ? 7 : phrase[i % phrase.Length]);
                bool expected = Definition(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(ids));
                Assert.Equal(expected, guard.Add(ids[^1]));
                if (expected) stops++;
            }
        }
        Assert.InRange(stops, 1000, 200_000);
    }

    [Fact]
    public void A_sentence_said_four_times_stops_with_its_last_token()
    {
        int[] sentence = [450, 6635, 338, 24841, 29889];
        Assert.Equal(19, StopsAt(Enumerable.Repeat(sentence, 6).SelectMany(ids => ids)));
        Assert.Null(StopsAt([.. sentence, .. sentence, .. sentence, 1, .. sentence]));
    }

    [Fact]
    public void A_number_with_zeros_is_no_loop()
        => Assert.Null(StopsAt([29896, 29900, 29900, 29900, 29900, 29900, 29900, 29900, 13]));

    [Fact]
    public void A_new_answer_starts_afresh()
    {
        var guard = new LoopGuard();
        for (int i = 0; i < 7; i++) Assert.False(guard.Add(i % 2));
        guard.Reset();
        for (int i = 0; i < 7; i++) Assert.False(guard.Add(i % 2));
        Assert.True(guard.Add(1));
    }
}
