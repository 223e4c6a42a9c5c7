using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Devices;

/// <summary>What every queue promises: windows of matrices, order, a source that is free again after Write, several
/// queues at once.</summary>
public sealed class ComputeQueueTests
{
    public static TheoryData<TestDevice> Devices
        => [.. TestDevices.ForKernels.Except([TestDevice.IlgpuCpuPortable, TestDevice.OpenClPortable, TestDevice.CudaText])];

    [Theory, MemberData(nameof(Devices))]
    public void A_window_of_a_matrix_is_written_and_read_alone(TestDevice device)
    {
        using ComputeQueue queue = TestDevices.Get(device).CreateQueue();
        Matrix whole = queue.Device.AllocateMatrix(5, 7), window = whole.RowRange(1, 3).ColumnRange(2, 4);
        float[] numbers = [.. Enumerable.Range(1, 35).Select(i => (float)i)], inside = [.. Enumerable.Range(101, 12).Select(i => (float)i)];
        queue.Write(numbers, whole);
        queue.Write(inside, window);
        for (int row = 0; row < 3; row++) inside.AsSpan(row * 4, 4).CopyTo(numbers.AsSpan((row + 1) * 7 + 2));
        Assert.Equal(inside, queue.Read(window));
        Assert.Equal(inside[4..8], queue.Read(window.RowRange(1, 1)));
        Assert.Equal(numbers, queue.Read(whole));
        Assert.Empty(queue.Read(whole.RowRange(5, 0)));
        whole.Buffer.Dispose();
    }

    [Theory, MemberData(nameof(Devices))]
    public void A_range_of_a_vector_is_written_and_read_alone(TestDevice device)
    {
        using ComputeQueue queue = TestDevices.Get(device).CreateQueue();
        IntVector whole = queue.Device.AllocateInts(6);
        queue.Write([1, 2, 3, 4, 5, 6], whole);
        queue.Write([-1, -2, -3], whole.Range(2, 3));
        int[] all = new int[6], range = new int[3];
        queue.Read(whole, all);
        queue.Read(whole.Range(2, 3), range);
        Assert.Equal([1, 2, -1, -2, -3, 6], all);
        Assert.Equal([-1, -2, -3], range);
        whole.Buffer.Dispose();
    }

    [Theory, MemberData(nameof(Devices))]
    public void Work_is_done_in_order_and_a_written_source_is_free_at_once(TestDevice device)
    {
        using ComputeQueue queue = TestDevices.Get(device).CreateQueue();
        Matrix x = queue.Device.AllocateMatrix(1, 2000), y = queue.Device.AllocateMatrix(40, 2000);
        var source = new float[2000];
        for (int row = 0; row < 40; row++)
        {
            Array.Fill(source, row);
            queue.Write(source, x);
            Array.Fill(source, float.NaN);
            if (device != TestDevice.IlgpuCpu || row < 3) CopyRows.Run(queue, x, y.RowRange(row, 1));
        }
        float[] read = queue.Read(y);
        for (int i = 0; i < (device == TestDevice.IlgpuCpu ? 3 : 40) * 2000; i++) Assert.Equal(i / 2000, read[i]);
        x.Buffer.Dispose();
        y.Buffer.Dispose();
    }

    [Theory, MemberData(nameof(Devices))]
    public async Task Queues_of_one_device_work_at_once_without_mixing_their_operands(TestDevice device)
    {
        ComputeDevice shared = TestDevices.Get(device);
        int rounds = device == TestDevice.IlgpuCpu ? 20 : 3000;
        await Task.WhenAll(Enumerable.Range(1, 2).Select(number
            => Task.Run(() => Work(shared, number, rounds), TestContext.Current.CancellationToken)));
    }

    /// <summary>Long work on one queue, and a copy of its result on another; and back, so that what is copied is not
    /// overwritten too early.</summary>
    [Theory, MemberData(nameof(Devices))]
    public void A_queue_that_waits_for_another_uses_its_results(TestDevice device)
    {
        // Where every item is a thread, or every instruction is interpreted, a queue is done when it has been given its work.
        bool isToy = device == TestDevice.IlgpuCpu || TestDevices.IsInterpreted(device);
        (int rows, int steps, int rounds) = isToy ? (1, 3, 2) : (400, 30, 4);
        using ComputeQueue first = TestDevices.Get(device).CreateQueue(), second = first.Device.CreateQueue();
        Matrix x = first.Device.AllocateMatrix(rows, 1000);
        Matrix one = first.Device.AllocateMatrix(1, 1000);
        Matrix y = first.Device.AllocateMatrix(rows * rounds, 1000);
        first.Write(new float[rows * 1000], x);
        first.Write([.. Enumerable.Repeat(1f, 1000)], one);
        for (int round = 0; round < rounds; round++)
        {
            for (int step = 0; step < steps; step++) AddRows.Run(first, x, one, 1, x);
            second.WaitFor(first);
            CopyRows.Run(second, x, y.RowRange(round * rows, rows));
            first.WaitFor(second);
        }
        float[] read = second.Read(y);
        for (int i = 0; i < read.Length; i++) Assert.Equal((i / (rows * 1000) + 1) * steps, read[i]);
        foreach (Matrix matrix in new[] { x, one, y }) matrix.Buffer.Dispose();
    }

    [Theory, MemberData(nameof(Devices))]
    public void Waiting_for_itself_or_for_a_disposed_queue_is_nothing_and_for_another_device_is_refused(TestDevice device)
    {
        using ComputeQueue queue = TestDevices.Get(device).CreateQueue();
        ComputeQueue gone = queue.Device.CreateQueue();
        gone.Dispose();
        queue.WaitFor(queue);
        queue.WaitFor(gone);
        using var other = new CpuDevice(1);
        using ComputeQueue foreign = other.CreateQueue();
        Assert.Throws<ArgumentException>(() => queue.WaitFor(foreign));
    }

    /// <summary>The same in both directions: the work could not wait when it is done again.</summary>
    [Theory, MemberData(nameof(Devices))]
    public void Recorded_work_neither_waits_for_another_queue_nor_is_waited_for(TestDevice device)
    {
        using ComputeQueue queue = TestDevices.Get(device).CreateQueue(), other = queue.Device.CreateQueue();
        if (queue is CpuQueue)
        {
            Assert.Null(queue.Record(() => { }));
            return;
        }
        Assert.Throws<InvalidOperationException>(() => queue.Record(() => queue.WaitFor(other)));
        Assert.Throws<InvalidOperationException>(() => queue.Record(() => other.WaitFor(queue)));
        queue.WaitFor(other); // afterwards it can again
    }

    private static void Work(ComputeDevice device, int number, int rounds)
    {
        using ComputeQueue queue = device.CreateQueue();
        Matrix x = device.AllocateMatrix(1, 4), y = device.AllocateMatrix(1, 4), step = device.AllocateMatrix(1, 4);
        queue.Write([0, 0, 0, 0], x);
        queue.Write([number, number, number, number], step);
        for (int round = 0; round < rounds; round++)
        {
            AddRows.Run(queue, x, step, 1, y);
            CopyRows.Run(queue, y, x);
            if (round % 100 == 99) Assert.Equal((round + 1) * number, queue.Read(x)[3]);
        }
        Assert.Equal(rounds * number, queue.Read(x)[0]);
        foreach (Matrix matrix in new[] { x, y, step }) matrix.Buffer.Dispose();
    }
}
