using EdgeVideoLlava.Edge.Diagnostics;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Tests.Unit.Samples.Edge.Diagnostics;

/// <summary>What is timed is what is counted: each kernel's operands take the bytes that its cost says.</summary>
public sealed class KernelWorksTests
{
    private static readonly GpuReportSizes Sizes = GpuReportSizes.Small;

    private static IEnumerable<KernelWork> Works => new KernelWorks(Sizes.Config, Sizes.Positions, StorageType.F32).All(Sizes.Types);

    [Fact]
    public void Operands_take_the_counted_bytes()
    {
        using var device = new CpuDevice(1);
        using ComputeQueue queue = device.CreateQueue();
        Assert.All(Works, work =>
        {
            long before = device.AllocatedBytes; // the queue's own scratch
            using var operands = new KernelOperands(device, queue, rotated: 0);
            Action<int> give = work.Prepare(operands);
            // Weights are mapped. Not counted: biases, weights of norms, cosines, ids.
            Assert.InRange(device.AllocatedBytes - before + operands.WeightBytes, work.Cost.Bytes, 1.08 * work.Cost.Bytes + 4096);
            give(0);
        });
    }

    [Fact]
    public void Weights_take_turns_and_all_have_the_same_product()
    {
        using var device = new CpuDevice(1);
        using ComputeQueue queue = device.CreateQueue();
        using var operands = new KernelOperands(device, queue, rotated: 1 << 20);
        Assert.Equal(8, operands.Weights(StorageType.F16, 256, 256).Length);
        Assert.Equal(64, operands.Turns(1));
    }

    [Fact]
    public void Every_shape_that_a_layer_of_the_7B_model_has_is_there()
    {
        string[] shapes = [.. new KernelWorks(GpuReportSizes.Real.Config, 2110, StorageType.F16).All([StorageType.Q4_0])
            .Select(work => work.Shape)];
        string[] wanted = ["1 x 4096 to 4096", "1 x 4096 to 11008", "1 x 4096 to 22016", "8 x 11008 to 4096", "2110 x 4096 to 12288",
            "2110 x 4096 to 4096", "2110 x 4096 to 22016",
            "2110 x 11008 to 4096", "2056 x 1024 to 3072", "2056 x 1024 to 4096", "2056 x 4096 to 1024", "8 x 257 rows, 16 heads of 64",
            "257 x 8 rows, 16 heads of 64", "1 x 32000"];
        Assert.Empty(wanted.Except(shapes));
    }
}
