using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Discovery;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Discovery;

public sealed class AutomaticDeviceTests
{
    /// <summary>Devices as "name kind", in the order of the list; the names to try, best first.</summary>
    public static TheoryData<string[], string[]> Machines => new()
    {
        { [], ["cpu"] },
        { ["opencl:0 CPU"], ["cpu"] },
        { ["opencl:0 accelerator", "opencl:1 integrated GPU"], ["cpu"] },
        { ["opencl:0 CPU", "opencl:1 GPU", "opencl:2 GPU"], ["opencl:1", "opencl:2", "cpu"] },
        { ["opencl:0 GPU", "opencl:1 CPU", "cuda:0 GPU", "cuda:1 GPU"], ["cuda:0", "cuda:1", "opencl:0", "cpu"] },
    };

    [Theory, MemberData(nameof(Machines))]
    public void Cuda_comes_before_a_discrete_OpenCl_GPU_and_that_before_the_processor(string[] devices, string[] ranking)
        => Assert.Equal(ranking, AutomaticDevice.Ranking(Describe(devices)));

    /// <summary>Devices, those of them that do not open, what is taken, and why not another.</summary>
    public static TheoryData<string[], string[], string, string> Choices => new()
    {
        { [], [], "cpu", "no CUDA or OpenCL device" },
        { ["opencl:0 CPU"], [], "cpu", "no CUDA device, opencl:0 runs on the processor" },
        { ["opencl:0 integrated GPU", "opencl:1 accelerator"], [], "cpu",
        "no CUDA device, opencl:0 shares the processor's memory, opencl:1 is not a GPU" },
        { ["opencl:0 CPU", "opencl:1 GPU"], [], "opencl:1", "no CUDA device" },
        { ["opencl:0 CPU", "opencl:1 GPU"], ["opencl:1"], "cpu", "no CUDA device, opencl:1: broken, opencl:0 runs on the processor" },
        { ["opencl:0 GPU", "cuda:0 GPU"], [], "cuda:0", "" },
        { ["opencl:0 GPU", "cuda:0 GPU"], ["cuda:0"], "opencl:0", "cuda:0: broken" },
        { ["cuda:0 GPU", "cuda:1 GPU"], ["cuda:0"], "cuda:1", "cuda:0: broken" },
    };

    [Theory, MemberData(nameof(Choices))]
    public void The_choice_says_why_not_another(string[] devices, string[] broken, string taken, string reason)
    {
        string? opened = null;
        using ComputeDevice device = AutomaticDevice.Open(Describe(devices), id => broken.Contains(id)
            ? throw new DeviceUnavailableException($"{id}: broken") : Open(opened = id), out string why);
        Assert.Equal((taken, reason), (opened, why));
    }

    [Fact]
    public void Nothing_comes_after_the_processor()
        => Assert.Throws<DeviceUnavailableException>(() => AutomaticDevice.Open([], id
        => throw new DeviceUnavailableException($"{id}: fp32 only"), out _));

    private static CpuDevice Open(string id) => id.Length > 0 ? new CpuDevice(1) : throw new ArgumentException(id);

    private static DeviceDescription[] Describe(string[] devices)
        => [.. devices.Select(device => device.Split(' ', 2))
        .Select(parts => new DeviceDescription(parts[0], "a device", parts[1], "a driver", 1L << 30, []))];
}
