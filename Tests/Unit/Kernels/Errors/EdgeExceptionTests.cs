namespace EdgeVideoLlava.Tests.Unit.Kernels.Errors;

public sealed class EdgeExceptionTests
{
    /// <summary>Names in a stranger's file come into messages: they must not draw on the user's terminal.</summary>
    [Fact]
    public void A_message_is_one_line_whatever_it_quotes()
        => Assert.Equal("x: the tensor \uFFFD[2J\uFFFDé is broken\uFFFD",
            new BadInputException("x: the tensor \u001b[2J\né is broken\u2028").Message);
}
