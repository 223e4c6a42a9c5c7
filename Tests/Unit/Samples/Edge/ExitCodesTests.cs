using EdgeVideoLlava.Edge;

namespace EdgeVideoLlava.Tests.Unit.Samples.Edge;

public sealed class ExitCodesTests
{
    public static TheoryData<Exception, int, string?> Rows => new()
    {
        { new BadInputException("clip.mp4: no such file"), 2, "clip.mp4: no such file" },
        { new DeviceUnavailableException("no CUDA device; install the driver"), 3, "no CUDA device; install the driver" },
        { new DeviceFailedException("device lost"), 5, "device lost" },
        { new AggregateException(new BadInputException("inner")), 2, "inner" },
        { new TaskCanceledException(), 130, "interrupted" },
        { new IOException("Broken pipe", 32), 0, null },
    };

    [Theory]
    [MemberData(nameof(Rows), DisableDiscoveryEnumeration = true)]
    public void An_exception_has_its_code_and_its_line(Exception exception, int code, string? line)
        => Assert.Equal((code, line), ExitCodes.Of(exception));

    [Fact]
    public void Too_little_memory_is_a_failed_device() => Assert.Equal(5, ExitCodes.Of(new OutOfMemoryException()).Code);

    [Fact]
    public void Anything_else_is_our_mistake_on_one_line_with_its_place_and_how_to_report_it()
    {
        Exception caught = Assert.ThrowsAny<Exception>(() => Stumble());
        (int code, string? line) = ExitCodes.Of(caught);
        Assert.Equal(70, code);
        Assert.StartsWith("a mistake of ours: InvalidOperationException: two lines at EdgeVideoLlava.", line);
        Assert.Contains($".{nameof(Stumble)} ", line);
        Assert.Contains("please report", line);
        Assert.DoesNotContain('\n', line!);
        Assert.Contains("(ExitCodesTests.cs:", line); // the file's name without the folders of the machine that built it
    }

    [Fact]
    public void A_full_disk_is_no_closed_pipe() => Assert.Equal(70, ExitCodes.Of(new IOException("No space left on device", 28)).Code);

    private static void Stumble() => throw new InvalidOperationException("two\nlines");
}
