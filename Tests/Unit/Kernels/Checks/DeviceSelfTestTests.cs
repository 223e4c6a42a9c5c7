using EdgeVideoLlava.Kernels.Checks;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Discovery;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Checks;

public sealed class DeviceSelfTestTests
{
    [Fact]
    public void Every_accelerator_of_this_machine_passes()
        => Assert.All(DeviceSelfTest.Run(IlgpuDevices.List()), result => Assert.Equal((12, null), (result.Kernels, result.Failure)));

    /// <summary>A right operation first; then one whose second number is by device 2 or 2 and a bit, or none, and one
    /// never reached.</summary>
    [Theory]
    [InlineData(2.001f, null)]
    [InlineData(2.02f, "planted: number 1 is 2.02, on the processor 2")]
    [InlineData(float.NaN, "planted: number 1 is NaN, on the processor 2")]
    public void A_wrong_number_is_named(float wrong, string? failure)
    {
        SelfTestResult result = Run(operands => operands.Queue is CpuQueue ? [1, 2] : [1, wrong]);
        Assert.Equal((failure, failure == null ? 3 : 1), (result.Failure, result.Kernels));
    }

    [Fact]
    public void A_failing_kernel_is_named_in_one_line()
    {
        SelfTestResult result = Run(operands => operands.Queue is CpuQueue ? [1, 2]
            : throw new InvalidOperationException("outer", new NotSupportedException("no\nsuch instruction")));
        Assert.Equal(("planted: no such instruction", 1), (result.Failure, result.Kernels));
    }

    [Fact]
    public void A_device_that_does_not_open_has_failed()
        => Assert.Equal("opening it: cuda:0: its driver is broken",
            DeviceSelfTest.Run("cuda:0", () => throw new DeviceUnavailableException("cuda:0: its driver is broken"), []).Failure);

    private static SelfTestResult Run(Func<SelfTestOperands, float[]> planted)
    {
        _ = TestDevices.Get(TestDevice.IlgpuCpu);
        Matrix Write(SelfTestOperands operands, float[] numbers)
        {
            Matrix y = operands.Matrix(1, 2);
            operands.Queue.Write(numbers, y);
            return y;
        }
        return DeviceSelfTest.Run("ilgpu-cpu", () => ComputeDevices.Open("ilgpu-cpu"),
            [("right", operands => Write(operands, [1, 2])), ("planted", operands => Write(operands, planted(operands))),
            ("after it", operands => Write(operands, [3, 4]))]);
    }
}
