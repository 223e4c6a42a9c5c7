namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>Occupancies, worked out on paper.</summary>
public sealed class MultiprocessorTests
{
    /// <summary>sm_90: 64 warps, 32 groups; sm_87: 48 warps, 16 groups. A part of a multiprocessor has 16384 registers.</summary>
    [Theory]
    [InlineData(90, 256, 32, 0, 8)] // 2048 threads: 8 groups
    [InlineData(90, 256, 64, 0, 4)] // 2048 registers a warp, 8 in a part, 32 in all, 4 groups of 8
    [InlineData(90, 256, 65, 0, 3)] // 2304 a warp (pieces of 256), 7 in a part, 28 in all, 3 groups of 8
    [InlineData(90, 128, 73, 0, 6)] // 2560 a warp, 6 in a part; 2336 without rounding would be 7
    [InlineData(90, 32, 16, 0, 32)] // the limit of groups
    [InlineData(90, 128, 16, 48 << 10, 4)] // 49 KiB of 228
    [InlineData(87, 128, 48, 0, 10)] // 1536 a warp, 10 in a part, 40 in all, 10 groups of 4
    [InlineData(87, 256, 16, 0, 6)] // 1536 threads
    [InlineData(87, 64, 16, 0, 16)]
    [InlineData(87, 256, 128, 48 << 10, 2)] // registers: 16 warps; shared memory: 3 groups
    public void Groups_are_limited_by_what_runs_out_first(int architecture, int items, int registers, int shared, int groups)
        => Assert.Equal(groups, Of(architecture).GroupsOf(items, registers, shared));

    [Fact]
    public void Occupancy_is_of_the_threads()
    {
        Assert.Equal((0.5, 40 / 48.0, 1.0), (Multiprocessor.Sm90.Occupancy(256, 64, 0), Multiprocessor.Sm87.Occupancy(128, 48, 0),
            Multiprocessor.Sm87.BestOccupancy(16, 0)));
    }

    private static Multiprocessor Of(int architecture) => architecture == 87 ? Multiprocessor.Sm87 : Multiprocessor.Sm90;
}
