using System.Text.Json;
using EdgeVideoLlava.Edge;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Live.Sinks;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live.Sinks;

public sealed class SinkTests
{
    private readonly StringWriter writer = new();

    [Fact]
    public void Srt_numbers_its_cues_and_separates_milliseconds_by_a_comma()
    {
        var sink = new SrtSink(writer);
        sink.Write(Said("A yellow square appears.", 0, 4));
        sink.Write(Said("It moves right.", 4, 3725.0625));
        Assert.Equal("1\n00:00:00,000 --> 00:00:04,000\nA yellow square appears.\n\n2\n00:00:04,000 --> 01:02:05,062\nIt moves right.\n\n",
            writer.ToString());
    }

    [Fact]
    public void Vtt_begins_with_its_header_even_without_captions()
    {
        _ = new VttSink(writer);
        Assert.Equal("WEBVTT\n\n", writer.ToString());
    }

    [Fact]
    public void Vtt_escapes_markup_and_arrows()
    {
        new VttSink(writer).Write(Said("<i>a & b</i> --> c", 1.5, 2));
        Assert.Equal("WEBVTT\n\n00:00:01.500 --> 00:00:02.000\n&lt;i&gt;a &amp; b&lt;/i&gt; --&gt; c\n\n", writer.ToString());
    }

    [Theory]
    [InlineData("a --> b", "a -> b")]
    [InlineData("a ----> b", "a -> b")]
    [InlineData("a -> b -- > c", "a -> b -- > c")]
    public void Srt_text_holds_no_arrow_of_a_time_line(string text, string expected)
    {
        new SrtSink(writer).Write(Said(text, 0, 1));
        Assert.Equal($"1\n00:00:00,000 --> 00:00:01,000\n{expected}\n\n", writer.ToString());
    }

    [Theory]
    [InlineData("one\n\ntwo", "one\ntwo")]
    [InlineData("\r\n one \r\n \t \r\n two\r", "one\ntwo")]
    [InlineData("one\u2028two\u0085three\ftwo", "one\ntwo\nthree\ntwo")]
    [InlineData("tab\there, bell\a\u001b[31m\0", "tab here, bell[31m")]
    [InlineData("Größe 方块 🟥", "Größe 方块 🟥")]
    public void A_cue_has_no_blank_lines_and_no_control_characters(string text, string expected)
    {
        new SrtSink(writer).Write(Said(text, 0, 1));
        Assert.Equal($"1\n00:00:00,000 --> 00:00:01,000\n{expected}\n\n", writer.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n\t\r\n")]
    public void Nothing_to_show_makes_no_cue_and_takes_no_number(string text)
    {
        var sink = new SrtSink(writer);
        sink.Write(Said(text, 0, 1));
        sink.Write(Said("seen", 1, 2));
        Assert.Equal("1\n00:00:01,000 --> 00:00:02,000\nseen\n\n", writer.ToString());
    }

    [Theory]
    [InlineData(59.9996, "00:01:00,000")]
    [InlineData(3599.9994, "00:59:59,999")]
    [InlineData(360_000, "100:00:00,000")]
    public void Times_round_to_the_millisecond_and_carry(double seconds, string expected)
    {
        new SrtSink(writer).Write(Said("x", 0, seconds));
        Assert.Contains($"--> {expected}\n", writer.ToString());
    }

    [Fact]
    public void Jsonl_writes_the_words_unchanged_on_one_line_with_the_figures()
    {
        var caption = new Caption(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(8.0004), "a \"b\"\n\u0001 --> Größe 方块 \ud800")
        {
            Tokens = 11,
            Encode = TimeSpan.FromSeconds(0.25),
            FirstToken = TimeSpan.FromSeconds(0.5),
            Generate = TimeSpan.FromSeconds(2),
        };
        var sink = new JsonlSink(writer);
        sink.Write(caption);
        sink.Write(Said("", 8, 12));
        string[] lines = writer.ToString().Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Equal(
            "{\"start\":4,\"end\":8,\"text\":\"a \\\"b\\\"\\n\\u0001 --> Größe 方块 \\uFFFD\","
            + "\"tokens\":11,\"encode_seconds\":0.25,\"first_token_seconds\":0.5,\"tokens_per_second\":5}", lines[0]);
        Assert.Equal("", JsonDocument.Parse(lines[1]).RootElement.GetProperty("text").GetString());
        Assert.Equal("", lines[2]);
    }

    [Fact]
    public void The_console_shows_one_line_a_caption_and_no_escape_sequence()
    {
        new ConsoleSink(writer).Write(Said("A red\n circle \u001b[2J moves.", 3661.25, 3665));
        Assert.Equal("01:01:01.2-01:01:05.0  A red circle [2J moves." + Environment.NewLine, writer.ToString());
    }

    private static Caption Said(string text, double start, double end) => new(TimeSpan.FromSeconds(start), TimeSpan.FromSeconds(end), text);
}
