using EdgeVideoLlava.Trainer;

namespace EdgeVideoLlava.Tests.Unit.Trainer;

public sealed class AnswerTextTests
{
    [Theory, InlineData("A red  Ball.", "red ball"), InlineData("The dog's tail!", "dogs tail"), InlineData("3,5", "3 5"),
        InlineData("An", ""), InlineData("Über-Ball", "über ball")]
    public void Case_signs_articles_and_blanks_do_not_count(string text, string expected)
        => Assert.Equal(expected, AnswerText.Normalized(text));

    [Fact]
    public void Other_words_do() => Assert.False(AnswerText.Same("a red ball", "a blue ball"));
}
