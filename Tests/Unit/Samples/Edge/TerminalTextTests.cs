using EdgeVideoLlava.Edge;

namespace EdgeVideoLlava.Tests.Unit.Samples.Edge;

public sealed class TerminalTextTests
{
    [Theory]
    [InlineData("name  fits", 20, "name  fits")]
    [InlineData("name  one two three", 13, "name  one two\n      three")]
    [InlineData("name  one two three four", 12, "name  one\n      two\n      three\n      four")]
    [InlineData("name  awordthatistoowide", 8, "name \n      awordthatistoowide")]
    [InlineData("awordthatistoowide", 8, "awordthatistoowide")]
    public void A_line_is_folded_at_spaces_and_its_rest_indented(string line, int columns, string folded)
        => Assert.Equal(folded, TerminalText.Fold(line, 6, columns));
}
