namespace EdgeVideoLlava.Tests.EndToEnd;

public sealed class GpuReportTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("report").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public Task A_processor_that_is_named_gives_a_report_of_small_sizes() => AssertReport("cpu");

    [Fact, Trait("Category", "long")]
    public Task So_does_one_behind_OpenCL() => AssertReport("opencl");

    private async Task AssertReport(string device)
    {
        string file = Path.Combine(folder, "report.md");
        EdgeResult result = await EdgeProcess.Run("bench", "--gpu-report", file, "--device", device);
        if (result.Code == 3) EdgeProcess.SkipOrFail(result.Errors);
        Assert.Equal((0, ""), (result.Code, result.Output));
        string report = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.Contains("is a processor, no GPU", report);
        Assert.Contains("| Q4_0 | all 2 |", report);
        Assert.Contains("| qkv | Q4_0 | 35 x 256 to 768 |", report);
        Assert.DoesNotContain("FAILED: ", report);
        if (device == "opencl") Assert.Contains("## Kernels, portable, fp16", report);
        Assert.Equal(device == "opencl", report.Contains("### Costliest kernels, Q4_0 linears"));
        Assert.Equal(device == "opencl", report.Contains("| decode after 35 | "));
        Assert.Equal([file], Directory.GetFiles(folder));
    }

    [Fact]
    public async Task Without_a_GPU_nothing_is_written()
    {
        string file = Path.Combine(folder, "report.md");
        EdgeResult result = await EdgeProcess.Run("bench", "--gpu-report", file);
        if (result.Code == 0) Assert.Skip("this machine has a GPU");
        result.IsRefusal(3, "no GPU");
        Assert.Empty(Directory.GetFiles(folder));
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_is_found_before_the_work()
        => (await EdgeProcess.Run("bench", "--device", "cpu", "--gpu-report", Path.Combine(folder, "no", "report.md")))
        .IsRefusal(2, "cannot be written");
}
