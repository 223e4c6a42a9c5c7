using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Devices;

/// <summary>Large pieces begin where a page of 2 MiB can, small ones where a register of any width can.</summary>
public sealed class HostMemoryTests
{
    [Theory, InlineData(0, 64), InlineData(1000, 64), InlineData(8 << 20, 2 << 20), InlineData((9 << 20) + 5, 2 << 20)]
    public void A_piece_is_aligned(long bytes, long alignment)
    {
        using var memory = new HostMemory(bytes, size => $"{size}");
        Assert.NotEqual(0, memory.Address);
        Assert.Equal(0, memory.Address % alignment);
    }
}
