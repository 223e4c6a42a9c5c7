using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Discovery;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Discovery;

public sealed class ComputeDevicesTests
{
    [Theory]
    [InlineData("opencl:999", "OpenCL device")]
    [InlineData("cuda:999", "CUDA device")]
    public void An_absent_device_is_named_with_what_to_do(string name, string kind)
    {
        var missing = Assert.Throws<DeviceUnavailableException>(() => ComputeDevices.Open(name));
        Assert.Contains(kind, missing.Message);
        Assert.True(missing.Message.Contains("it needs an") || missing.Message.Contains("take Device = "), missing.Message);
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
    public void What_the_processor_does_not_have_is_refused()
    {
        Assert.Contains("take Compute = fp32", Assert.Throws<DeviceUnavailableException>(()
            => ComputeDevices.Open("cpu", new DeviceOptions(Compute: StorageType.F16))).Message);
        Assert.Contains("leave Tier unset", Assert.Throws<DeviceUnavailableException>(()
            => ComputeDevices.Open("cpu", new DeviceOptions(Tier: KernelTier.Portable))).Message);
    }

    /// <summary>Of this machine: an OpenCL driver that runs on the processor is there in every run of the tests, and
    /// must not be taken.</summary>
    [Fact]
    public void Auto_takes_what_the_ranking_of_this_machine_begins_with_and_says_why()
    {
        IReadOnlyList<DeviceDescription> devices = IlgpuDevices.List();
        using ComputeDevice device = ComputeDevices.Open("auto", new DeviceOptions(Threads: 1), out string choice);
        Assert.DoesNotContain('\n', choice);
        if (devices.Any(other => other.Kind == "GPU")) return;
        Assert.IsType<CpuDevice>(device);
        Assert.StartsWith("no CUDA", choice);
        Assert.All(devices.Where(other => other.Kind == "CPU"), other => Assert.Contains($"{other.Id} runs on the processor", choice));
    }

    [Fact]
    public void A_device_that_was_named_needs_no_reason()
    {
        using ComputeDevice device = ComputeDevices.Open("cpu", null, out string choice);
        Assert.Empty(choice);
    }

    [Fact]
    public void Tensor_cores_are_refused_where_there_are_none()
    {
        TestDevices.Get(TestDevice.OpenCl); // a named skip where it is absent
        var refused = Assert.Throws<DeviceUnavailableException>(()
        => ComputeDevices.Open("opencl", new DeviceOptions(Tier: KernelTier.TensorCore)));
        Assert.Contains("compute capability 8.0", refused.Message);
    }

    /// <summary>What is made for GPUs is slow on a processor, also where OpenCL makes a device of it.</summary>
    [Fact]
    public void An_OpenCL_processor_has_a_processors_kernels()
    {
        TestDevices.Get(TestDevice.OpenCl); // a named skip where it is absent
        DeviceDescription[] processors = [.. IlgpuDevices.List().Where(device => device.Id.StartsWith("opencl:") && device.Kind == "CPU")];
        Assert.SkipWhen(processors.Length == 0, "no OpenCL device here is a processor");
        foreach (DeviceDescription processor in processors)
        {
            using var device = (IlgpuDevice)ComputeDevices.Open(processor.Id);
            Assert.Equal((KernelTier.Processor, StorageType.F32), (device.Tier, device.ActivationType));
            Assert.False(device.ResamplesFrames || device.DrawsTokens);
        }
    }
}
