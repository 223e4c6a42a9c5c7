using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Ilgpu;

/// <summary>What is known to be done when queues wait for each other on the device.</summary>
public sealed class QueueProgressTests
{
    private readonly QueueProgress first = new(), second = new(), third = new();

    [Fact]
    public void A_queue_without_work_has_passed_everything_and_one_with_work_what_is_finished()
    {
        Assert.True(first.Passed(100));
        first.Give(7);
        Assert.True(first.Passed(0));
        Assert.False(first.Passed(1)); // nothing is known of its work
        first.Finish(6);
        Assert.True(first.Passed(6));
        Assert.False(first.Passed(7));
        first.Finish(9);
        Assert.True(first.Passed(long.MaxValue));
    }

    [Fact]
    public void What_a_finished_wait_has_waited_for_is_finished_and_what_came_later_is_not()
    {
        first.Give(1);
        second.Give(2);
        second.Follow(first, 2);
        first.Give(3);
        second.Give(4);
        second.Finish(1);
        Assert.False(first.Passed(1)); // the wait itself has ticket 2
        second.Finish(4);
        Assert.True(first.Passed(2));
        Assert.False(first.Passed(3));
        Assert.Equal(2, first.Done);
    }

    [Fact]
    public void Waits_of_waits_count_and_queues_may_wait_for_each_other()
    {
        first.Give(1);
        second.Give(2);
        second.Follow(first, 2);
        first.Give(3);
        first.Follow(second, 3);
        third.Give(4);
        third.Follow(first, 4);
        third.Finish(4);
        Assert.Equal((4, 3, 4), (first.Done, second.Done, third.Done));
        third.Finish(5); // all waits are told already
        Assert.Equal((4, 3, 5), (first.Done, second.Done, third.Done));
    }

    [Fact]
    public void A_later_wait_for_the_same_queue_replaces_the_earlier_one()
    {
        first.Give(1);
        second.Follow(first, 2);
        first.Give(3);
        second.Follow(first, 4);
        second.Finish(3);
        Assert.Equal(0, first.Done); // told with the later wait
        second.Finish(4);
        Assert.Equal(4, first.Done);
    }
}
