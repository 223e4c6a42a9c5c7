using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Cuda;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Ilgpu.Cuda;

/// <summary>What is made of the numbers of a CUDA driver, and of their absence.</summary>
public sealed class CudaAttributesTests
{
    [Fact]
    public void An_H100s_numbers_are_its_data_sheets()
    {
        CudaAttributes gpu = CudaAttributes.From(Driver((18, 0), (36, 2619000), (37, 5120), (38, 52428800), (97, 232448)));
        Assert.Equal(new CudaAttributes(227 << 10, 50 << 20, 3352.32e9, false), gpu);
        Assert.Equal(["driver 535.104.05", "memory 3352 GB/s by its clock", "L2 cache 50 MiB", "shared memory 227 KiB a group"],
            gpu.Phrases("535.104.05"));
    }

    [Fact]
    public void A_GPU_that_shares_the_processors_memory_has_no_bandwidth_of_its_own()
    {
        CudaAttributes orin = CudaAttributes.From(Driver((18, 1), (36, 1300000), (37, 256), (38, 4 << 20), (97, 163 << 10)));
        Assert.Equal(new CudaAttributes(163 << 10, 4 << 20, null, true), orin);
        Assert.Equal(["L2 cache 4 MiB", "shared memory 163 KiB a group"], orin.Phrases(null));
    }

    [Fact]
    public void What_a_driver_does_not_know_or_calls_zero_is_not_said()
    {
        Assert.Equal(new CudaAttributes(null, null, null, null), CudaAttributes.From(_ => null));
        Assert.Empty(CudaAttributes.From(_ => null).Phrases(null));
        Assert.Equal(new CudaAttributes(null, null, null, false), CudaAttributes.From(_ => 0));
        Assert.Null(CudaAttributes.From(Driver((36, 2619000), (37, 5120))).MemoryBandwidth); // whose memory it is, is not known
    }

    [Theory]
    [InlineData("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\nGCC version:  gcc version "
        + "12.2.0", "535.104.05")]
    [InlineData("NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  550.54  Release Build", "550.54")]
    [InlineData("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  1050.127.08  Release Build", "1050.127.08")]
    [InlineData("something else\n535.104.05", null)]
    [InlineData("", null)]
    public void The_drivers_version_is_in_the_first_line_of_its_file(string text, string? version)
        => Assert.Equal(version, CudaAttributes.Version(text));

    [Fact]
    public void A_driver_that_is_absent_or_too_old_for_a_function_is_an_answer_and_no_crash()
    {
        Assert.Equal(DriverApi.NotSupported, DriverApi.Call(() => throw new EntryPointNotFoundException("cuGraphInstantiateWithFlags")));
        Assert.Equal(DriverApi.NotSupported, DriverApi.Call(() => throw new DllNotFoundException("cuda")));
        Assert.Equal(5, DriverApi.Call(() => 5));
        Assert.SkipWhen(IlgpuDevices.List().Any(device => device.Id.StartsWith("cuda:", StringComparison.Ordinal)),
            "this machine has a CUDA device");
        Assert.Null(DriverApi.Attribute(0, 97));
        Assert.Null(DriverApi.CreateEvent());
    }

    private static Func<int, int?> Driver(params (int Attribute, int Value)[] known)
        => attribute => known.Where(pair => pair.Attribute == attribute).Select(pair => (int?)pair.Value).FirstOrDefault();
}
