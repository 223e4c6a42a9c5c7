using EdgeVideoLlava.Kernels.Discovery;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Discovery;

/// <summary>Where drivers could not bring a GPU, they are not loaded.</summary>
public sealed class DriversTests
{
    private const string Unlimited = "Max address space         unlimited            unlimited            bytes     ",
        Limited = "Max address space         4096000000           unlimited            bytes     ";

    [Theory]
    [InlineData("null zero full", Unlimited, "no GPU")]
    [InlineData("null nvidiactl nvidia0", Unlimited, null)]
    [InlineData("null dri", Unlimited, null)]
    [InlineData("dxg", Unlimited, null)]
    [InlineData("nvhost-ctrl-gpu", Unlimited, null)]
    [InlineData("nvidia0", Limited, "the address space is limited to 3906 MiB, too little for drivers")]
    [InlineData("null", Limited, "no GPU")]
    [InlineData("nvidia0", "", null)]
    public void They_are_loaded_where_a_gpu_may_be_and_memory_for_them(string devices, string limit, string? reason)
        => Assert.Equal(reason, Drivers.WhyNot(devices.Split(' ').Select(name => $"/dev/{name}"), ["Limit  Soft Limit", limit]));
}
