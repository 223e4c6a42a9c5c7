using System.Text.Json;

namespace EdgeVideoLlava.Tests.EndToEnd;

public sealed class BenchTests
{
    [Fact]
    public async Task Json_holds_the_tests_and_the_peaks()
    {
        EdgeResult result = await EdgeProcess.Run("bench", "--repeat", "2", "--prompt-length", "32", "--generate", "4", "--json",
            "--conversations", "3");
        Assert.Equal(0, result.Code);
        JsonElement report = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal(["encode 8 frames", "pp32", "tg4", "tg4 x2", "tg4 x3"], report.GetProperty("results").EnumerateArray()
            .Select(test => test.GetProperty("test").GetString()));
        Assert.All(report.GetProperty("results").EnumerateArray(), test
            => Assert.InRange(test.GetProperty("seconds").GetDouble(), 1e-6, 60));
        Assert.InRange(report.GetProperty("peak_bytes_per_second").GetDouble(), 1e8, 1e13);
    }

    [Fact]
    public async Task The_kernels_of_each_test_are_timed_where_asked_for()
    {
        EdgeResult result = await EdgeProcess.Run("bench", "--repeat", "1", "--prompt-length", "32", "--generate", "4", "--json",
            "--profile", "--device", "opencl");
        if (result.Code == 3) EdgeProcess.SkipOrFail(result.Errors);
        Assert.Equal(0, result.Code);
        JsonElement[] kernels = [.. JsonDocument.Parse(result.Output).RootElement.GetProperty("profile").EnumerateArray()];
        Assert.Equal(["encode 8 frames", "prefill of 32", "decode after 32"],
            kernels.Select(kernel => kernel.GetProperty("job").GetString()).Distinct());
        Assert.All(kernels, kernel => Assert.InRange(kernel.GetProperty("seconds").GetDouble(), 0, 60));
        Assert.Contains(kernels, kernel => kernel.GetProperty("flop").GetDouble() > 0);
    }

    [Fact]
    public async Task The_processor_has_no_kernels_to_time()
        => (await EdgeProcess.Run("bench", "--device", "cpu", "--profile")).IsRefusal(2, "--device opencl");

    [Theory, InlineData(""), InlineData("--synthetic 7b --layers 1"), InlineData("--synthetic 7b --layers 1 --type q4_0")]
    public async Task What_no_device_can_do_is_refused_for_every_model(string model)
        => (await EdgeProcess.Run(["bench", "--compute", "fp16", .. model.Split(' ', StringSplitOptions.RemoveEmptyEntries)]))
        .IsRefusal(3, "take --compute fp32");

    [Fact]
    public async Task A_test_that_does_not_fit_into_the_context_is_code_2()
        => (await EdgeProcess.Run("bench", "--prompt-length", "5000")).IsRefusal(2, "1024 positions");
}
