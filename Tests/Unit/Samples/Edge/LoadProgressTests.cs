using EdgeVideoLlava.Edge;

namespace EdgeVideoLlava.Tests.Unit.Samples.Edge;

public sealed class LoadProgressTests
{
    [Fact]
    public void Each_percent_is_told_once_and_the_line_is_gone_at_the_end()
    {
        var terminal = new StringWriter();
        using (var progress = new LoadProgress(terminal, TimeSpan.Zero))
        {
            foreach (double value in new[] { 0.101, 0.105, 0.5, 1 }) progress.Report(value);
        }
        string[] told = ["edge: loading the model: 10 %", "edge: loading the model: 50 %", "edge: loading the model: 100 %", "\e[K"];
        Assert.Equal(told, terminal.ToString().Split('\r')[1..]);
    }

    [Fact]
    public void Nothing_is_told_of_what_does_not_take_long()
    {
        var terminal = new StringWriter();
        using (var progress = new LoadProgress(terminal, TimeSpan.FromHours(1))) progress.Report(0.5);
        Assert.Empty(terminal.ToString());
    }
}
