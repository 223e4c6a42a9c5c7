using EdgeVideoLlava.Runtime.Generation;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Generation;

public sealed class StopStringsTests
{
    /// <summary>The definition, character by character: where the first complete stop string begins, or -1.</summary>
    private static int FirstStop(string text, string[] stops)
    {
        for (int end = 1; end <= text.Length; end++)
        {
            int longest = stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal)).Select(stop => stop.Length)
                .DefaultIfEmpty().Max();
            if (longest > 0) return end - longest;
        }
        return -1;
    }

    [Fact]
    public void However_a_text_is_cut_the_shown_text_ends_before_the_first_complete_stop()
    {
        var random = new Random(4);
        int stopped = 0;
        for (int round = 0; round < 5000; round++)
        {
            string[] stops = [.. Enumerable.Range(0, random.Next(0, 3)).Select(_ => RandomText(random, random.Next(1, 5)))];
            string text = RandomText(random, random.Next(0, 20));
            int end = FirstStop(text, stops);
            var filter = new StopStrings(stops);
            string shown = "";
            for (int at = 0, length; at < text.Length && !filter.Stopped; at += length)
            {
                length = Math.Min(random.Next(1, 5), text.Length - at);
                shown += filter.Append(text.Substring(at, length));
                // What is shown is never taken back: it is a prefix of the final text.
                Assert.StartsWith(shown, end < 0 ? text : text[..end]);
            }
            shown += filter.Flush();
            Assert.Equal(end >= 0, filter.Stopped);
            Assert.Equal(end < 0 ? text : text[..end], shown);
            if (end >= 0) stopped++;
        }
        Assert.InRange(stopped, 500, 4500);
    }

    [Fact]
    public void Only_what_may_begin_a_stop_is_held_back()
    {
        var filter = new StopStrings(["###"]);
        Assert.Equal("a ", filter.Append("a ##"));
        Assert.Equal("##b", filter.Append("b"));
        Assert.Equal("", filter.Append("#"));
        Assert.Equal("#", filter.Flush());
    }

    [Fact]
    public void An_empty_stop_string_is_refused() => Assert.Throws<BadInputException>(() => new StopStrings([""]));

    private static string RandomText(Random random, int length)
        => string.Concat(Enumerable.Range(0, length).Select(_ => "ab#"[random.Next(3)]));
}
