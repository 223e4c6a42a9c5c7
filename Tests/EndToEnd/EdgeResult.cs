namespace EdgeVideoLlava.Tests.EndToEnd;

/// <summary>What a finished ./edge left behind.</summary>
/// <param name="Code">Exit code.</param>
public sealed record EdgeResult(int Code, string Output, string Errors)
{
    /// <summary>The program refused: this code, nothing on stdout, one line on stderr that says <paramref name="what"/>.</summary>
    public void IsRefusal(int code, string what)
    {
        Assert.Equal("", Output);
        string line = Assert.Single(Errors.TrimEnd('\n').Split('\n'));
        Assert.StartsWith("edge: ", line);
        Assert.Contains(what, line);
        Assert.Equal(code, Code);
    }
}
