using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Cpu;

public sealed unsafe class WorkerThreadsTests
{
    private readonly struct CountVisits(int* visits) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int i = begin; i < end; i++) Interlocked.Increment(ref visits[i]);
        }
    }

    [Theory]
    [InlineData(1, 0, 1), InlineData(1, 5, 2), InlineData(2, 1, 1), InlineData(2, 1000, 1), InlineData(3, 1001, 7), InlineData(4, 3, 5)]
    public void Every_item_is_done_once(int threads, int total, int chunk)
    {
        using var workers = new WorkerThreads(threads, SimdWidths.Best);
        var visits = new int[total + 1];
        fixed (int* first = visits)
        {
            for (int round = 1; round <= 50; round++)
            {
                workers.For(new CountVisits(first), total, chunk);
                Assert.All(visits[..total], count => Assert.Equal(round, count));
            }
        }
        Assert.Equal(0, visits[total]);
    }

    private sealed class Fault : Exception;

    private readonly struct FailAt(int item, int* visits) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int i = begin; i < end; i++)
            {
                if (i == item) throw new Fault();
                Interlocked.Increment(ref visits[i]);
            }
        }
    }

    /// <summary>Whichever thread it is on; the loops after it are whole.</summary>
    [Theory, InlineData(1), InlineData(2), InlineData(4)]
    public void What_a_job_throws_reaches_its_caller(int threads)
    {
        using var workers = new WorkerThreads(threads, SimdWidths.Best);
        for (int item = 0; item < 200; item++)
        {
            var visits = new int[200];
            fixed (int* first = visits)
            {
                int* counts = first;
                Assert.Throws<Fault>(() => workers.For(new FailAt(item, counts), 200));
                Assert.All(visits, count => Assert.InRange(count, 0, 1));
                visits.AsSpan().Clear();
                workers.For(new CountVisits(first), 200);
            }
            Assert.All(visits, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Callers_on_several_threads_take_turns()
    {
        using var workers = new WorkerThreads(3, SimdWidths.Best);
        Parallel.For(0, 4, _ =>
        {
            var visits = new int[100];
            fixed (int* first = visits)
            {
                for (int round = 0; round < 200; round++) workers.For(new CountVisits(first), visits.Length, 3);
            }
            Assert.All(visits, count => Assert.Equal(200, count));
        });
    }

    [Fact]
    public void A_loop_allocates_nothing()
    {
        using var workers = new WorkerThreads(2, SimdWidths.Best);
        var visits = new int[100];
        fixed (int* first = visits)
        {
            for (int round = 0; round < 100; round++) workers.For(new CountVisits(first), visits.Length);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int round = 0; round < 100; round++) workers.For(new CountVisits(first), visits.Length);
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    [Fact]
    public void Workers_that_sleep_wake_up()
    {
        using var workers = new WorkerThreads(2, SimdWidths.Best);
        var visits = new int[64];
        fixed (int* first = visits)
        {
            for (int round = 1; round <= 5; round++)
            {
                Thread.Sleep(30);
                workers.For(new CountVisits(first), visits.Length);
                Assert.All(visits, count => Assert.Equal(round, count));
            }
        }
    }
}
