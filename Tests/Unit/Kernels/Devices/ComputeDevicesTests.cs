using EdgeVideoLlava.Kernels;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Devices;

public sealed class ComputeDevicesTests
{
    [Theory]
    [InlineData("opencl:999", "OpenCL device")]
    [InlineData("cuda:999", "CUDA device")]
    public void An_absent_device_is_named_with_what_to_do(string name, string kind)
    {
        var missing = Assert.Throws<DeviceUnavailableException>(() => ComputeDevices.Open(name));
        Assert.Contains(kind, missing.Message);
        Assert.True(missing.Message.Contains("apt-get install") || missing.Message.Contains("take --device"), missing.Message);
        Assert.DoesNotContain('\n', missing.Message);
    }

    [Theory]
    [InlineData("tpu")]
    [InlineData("cpu:1")]
    [InlineData("ilgpu-cpu:0")]
    [InlineData("opencl:-1")]
    [InlineData("opencl:")]
    [InlineData("auto:0")]
    public void An_unknown_name_is_answered_with_those_that_there_are(string name)
        => Assert.Contains("opencl[:n]", Assert.Throws<DeviceUnavailableException>(() => ComputeDevices.Open(name)).Message);

    [Fact]
    public void Auto_is_the_processor()
    {
        using ComputeDevice device = ComputeDevices.Open("auto", new DeviceOptions(Threads: 1));
        Assert.IsType<CpuDevice>(device);
    }

    [Fact]
    public void Tensor_cores_are_refused_where_there_are_none()
    {
        TestDevices.Get(TestDevice.OpenCl); // a named skip where it is absent
        var refused = Assert.Throws<DeviceUnavailableException>(() => ComputeDevices.Open("opencl", new DeviceOptions(Tier: KernelTier.TensorCore)));
        Assert.Contains("compute capability 8.0", refused.Message);
    }
}
