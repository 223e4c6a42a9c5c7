namespace EdgeVideoLlava.Tests.EndToEnd;

public sealed class PlaceTests
{
    [Fact]
    public void The_repository_is_found() => Assert.True(File.Exists("/proc/self/exe"));
}
