using System.Text;
using EdgeVideoLlava.Edge.Diagnostics;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Tests.Unit.Samples.Edge.Diagnostics;

public sealed class GpuReportTextTests
{
    [Theory]
    [InlineData(true, 0.100, "50 %, met", "300.0, met", "100.0, not met")]
    [InlineData(true, 0.125, "40 %, not met", "300.0, met", "100.0, not met")]
    [InlineData(false, 0.125, "40 %", "300.0", "100.0")]
    public void Figures_stand_beside_their_goals(bool isGpu, double seconds, string share, string prefill, string encode)
    {
        GpuReportResults results = Results(isGpu);
        results.Models.Add(new ModelResult(StorageType.Q4_0, 32,
            new BenchmarkResult("encode", [0.02], 1, 2e12, 0), new BenchmarkResult("pp", [0.1], 2110, 30e12, 0),
            new BenchmarkResult("tg", [seconds], 64, 0, 100e9), null));
        Assert.Contains(
            $"| Q4_0 | all 32 | 20.0 ms | {encode} | 100.0 ms | {prefill} | 120.0 ms | {64 / seconds:0.0} tokens/s | {100 / seconds:0.0} | {share} |", GpuReportText.Of(results));
    }

    [Fact]
    public void A_failed_check_is_told_and_counted()
    {
        GpuReportResults results = Results(isGpu: true);
        results.Checks.Add(new CheckResult("tensor-core", "mma", "lane 3 holds 1 | 2"));
        results.Checks.Add(new CheckResult("portable", "TopK", null));
        string text = GpuReportText.Of(results);
        Assert.Contains("1 passed, 1 FAILED", text);
        Assert.Contains("| mma | FAILED: lane 3 holds 1 / 2 |  |", text);
        Assert.Contains("| TopK |  | passed |", text);
    }

    [Fact]
    public void A_kernel_has_what_it_reached()
    {
        GpuReportResults results = Results(isGpu: true);
        results.Kernels.Add(new KernelResult("portable", new KernelWork("up", "1 x 2 to 3", StorageType.F16, new KernelCost(5e8, 2e12),
            true, _ => _ => { }), 0.001, null));
        results.Kernels.Add(new KernelResult("portable", new KernelWork("down", "3 x 2 to 1", null, new KernelCost(5e8, 2e12), true, _ => _
            =>
        { }), null, "no memory"));
        string text = GpuReportText.Of(results);
        Assert.Contains("| up | F16 | 1 x 2 to 3 | 1000.0 | 500.00 | 2000.00 | 500.0 | 25 % | 2000.0 |", text);
        Assert.Contains("| down | - | 3 x 2 to 1 | FAILED: no memory |", text);
    }

    [Fact]
    public void The_copy_is_held_against_the_memorys_clock_where_that_is_known()
    {
        Assert.EndsWith("of the larger.\nThe memory's clock allows 2500 GB/s: the larger is 80 % of it.\n\n", Copy(2.5e12));
        Assert.EndsWith("of the larger.\n\n", Copy(null));

        static string Copy(double? bandwidth)
        {
            var text = new StringBuilder();
            GpuReportText.Copy(text, Results(isGpu: true), bandwidth);
            return text.ToString();
        }
    }

    [Fact]
    public void The_costliest_kernels_of_each_job_stand_below_the_models()
    {
        GpuReportResults results = Results(isGpu: true);
        LaunchTime[] kernels = [.. Enumerable.Range(0, 9).Select(i
            => new LaunchTime($"Kernel{i}", "1 x 2 to 3", 4, 0.1 / (i + 1), 2e9, 0))];
        results.Models.Add(new ModelResult(StorageType.Q8_0, 32, null, null, null,
            null)
        { Profiles = [new JobProfile("decode after 2110", kernels)] });
        string text = GpuReportText.Of(results);
        Assert.Contains("### Costliest kernels, Q8_0 linears\n", text);
        Assert.Contains(ProfileTable.Legend, text);
        Assert.Contains("| decode after 2110 | Kernel0 | 1 x 2 to 3 | 4 | 25000.0 | 35.3 % | 20.0 |  |\n", text);
        Assert.Contains("Kernel5 ", text);
        Assert.DoesNotContain("Kernel6 ", text);
        Assert.Contains("| decode after 2110 | 3 others |  | 12 |", text);
    }

    [Fact]
    public void What_was_left_out_and_that_it_is_no_GPU_is_said()
    {
        GpuReportResults results = Results(isGpu: false);
        results.Skipped.Add("whole model, F16 (time)");
        string text = GpuReportText.Of(results);
        Assert.Contains("is a processor, no GPU", text);
        Assert.EndsWith("1 thing:\n\n* whole model, F16 (time)\n", text);
    }

    private static GpuReportResults Results(bool isGpu)
        => new() { Sizes = GpuReportSizes.Real, IsGpu = isGpu, Device = "gpu:0", DriverCopy = 2e12, KernelCopy = 1e12 };
}
