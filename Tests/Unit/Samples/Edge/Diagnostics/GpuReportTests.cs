using EdgeVideoLlava.Edge.Diagnostics;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Samples.Edge.Diagnostics;

public sealed class GpuReportTests
{
    [Fact]
    public void The_processor_gives_a_whole_report()
    {
        GpuReportOutcome report = GpuReport.Make(new GpuReportOptions("cpu") { Threads = 1 }, new Lines(),
            TestContext.Current.CancellationToken);
        Assert.Equal(0, report.FailedChecks);
        Assert.Contains("cpu is a processor, no GPU", report.Markdown);
        Assert.Contains("| Q4_0 | all 2 |", report.Markdown);
        Assert.Contains("| qkv | Q8_0 | 1 x 256 to 768 |", report.Markdown);
        Assert.Contains("Nothing was left out.", report.Markdown);
        Assert.DoesNotContain("FAILED: ", report.Markdown);
    }

    [Fact]
    public void Without_time_everything_is_left_out_by_name()
    {
        var lines = new Lines();
        string report = GpuReport.Make(new GpuReportOptions("cpu") { Threads = 1, Budget = TimeSpan.Zero }, lines,
            TestContext.Current.CancellationToken).Markdown;
        Assert.Contains("* whole model, F16 (time)", report);
        Assert.Contains("* kernel, processor's own code, fp32: qkv Q8_0 1 x 256 to 768 (time)", report);
        Assert.DoesNotContain("tokens/s", report);
    }

    [Fact]
    public void No_such_device_is_an_error_and_no_report()
        => Assert.Contains("opencl:99", Assert.Throws<DeviceUnavailableException>(()
        => GpuReport.Make(new GpuReportOptions("opencl:99"), new Lines(), TestContext.Current.CancellationToken)).Message);

    /// <summary>Which kernels a GPU is opened for besides those of its own choice.</summary>
    [Fact]
    public void A_GPU_is_also_tried_with_the_other_tiles_and_with_portable_kernels()
    {
        var deep = new DeviceOptions(0, StorageType.F16, KernelTier.TensorCore, DeepTiles: true);
        var portable = new DeviceOptions(0, StorageType.F16, KernelTier.Portable);
        Assert.Equal([deep, portable], GpuReportRun.Others(TestDevices.Get(TestDevice.IlgpuCpuTensorCore)));
        Assert.Equal([portable], GpuReportRun.Others(TestDevices.Get(TestDevice.OpenCl)));
        Assert.Empty(GpuReportRun.Others(TestDevices.Get(TestDevice.OpenClPortableHalf)));
        Assert.Equal([portable], GpuReportRun.Others(null));
    }

    [Fact]
    public void A_work_that_never_ends_is_left_behind()
    {
        using var never = new ManualResetEventSlim();
        var work = new Thread(() => never.Wait()) { IsBackground = true };
        work.Start();
        Assert.False(GpuReport.Join(work, TimeSpan.FromMilliseconds(150), TestContext.Current.CancellationToken));
        never.Set();
        Assert.True(GpuReport.Join(work, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
    }

    private sealed class Lines : IProgress<string>
    {
        public List<string> All { get; } = [];

        public void Report(string value) => All.Add(value);
    }
}
