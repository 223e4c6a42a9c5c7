using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Devices;

public sealed class ArenaTests
{
    [Fact]
    public void A_released_scope_gives_the_same_memory_again()
    {
        using var device = new CpuDevice(1);
        using var arena = new Arena(device);
        Matrix first, second;
        using (arena.Begin()) (first, second) = (arena.Take(3, 5), arena.Take(2, 2));
        using (arena.Begin())
        {
            Assert.Same(first.Buffer, arena.Take(3, 5).Buffer);
            Assert.Same(second.Buffer, arena.Take(1, 3).Buffer);
        }
        Assert.NotSame(first.Buffer, second.Buffer);
    }

    [Fact]
    public void Inner_scopes_keep_what_the_outer_ones_hold()
    {
        using var device = new CpuDevice(1);
        using var arena = new Arena(device);
        using Arena.Scope outer = arena.Begin();
        Matrix held = arena.Take(4, 4);
        using (arena.Begin()) Assert.NotSame(held.Buffer, arena.Take(4, 4).Buffer);
        Assert.NotSame(held.Buffer, arena.Take(4, 4).Buffer);
    }

    [Fact]
    public void A_larger_matrix_replaces_the_memory_and_all_of_it_is_given_back()
    {
        using var device = new CpuDevice(1);
        var arena = new Arena(device);
        using (arena.Begin()) arena.Take(1, 16);
        Assert.Equal(64, device.AllocatedBytes);
        using (arena.Begin()) Assert.Equal((100, 16, 16), (arena.Take(100, 16).Rows, arena.Take(1, 16).Columns, arena.Take(1, 16).Stride));
        Assert.Equal(6400 + 64 + 64, device.AllocatedBytes);
        arena.Dispose();
        Assert.Equal(0, device.AllocatedBytes);
    }

    [Fact]
    public void In_the_steady_state_nothing_is_allocated()
    {
        using var device = new CpuDevice(1);
        using var arena = new Arena(device);
        void Step()
        {
            using Arena.Scope scope = arena.Begin();
            arena.Take(3, 5);
            using (arena.Begin()) arena.Take(7, 7);
        }
        for (int i = 0; i < 200; i++) Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) Step();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
