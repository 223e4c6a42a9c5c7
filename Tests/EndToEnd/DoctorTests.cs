using System.Text.Json;

namespace EdgeVideoLlava.Tests.EndToEnd;

public sealed class DoctorTests
{
    [Fact]
    public async Task Json_describes_this_machine()
    {
        JsonElement report = await Report();
        Assert.Matches(@"^\d+\.\d+\.\d+\z", report.GetProperty("version").GetString());
        Assert.StartsWith(".NET 10.", report.GetProperty("platform").GetString());
        Assert.Equal(Environment.ProcessorCount, report.GetProperty("cores").GetInt32());
        long total = report.GetProperty("memory_total").GetInt64();
        Assert.InRange(report.GetProperty("memory_available").GetInt64(), 1, total);
    }

    /// <summary>What this machine has is looked up here by other ways than the program's.</summary>
    [Fact]
    public async Task A_library_is_found_where_it_is_and_has_its_remedy_where_it_is_not()
    {
        JsonElement report = await Report();
        string[] devices = [.. report.GetProperty("devices").EnumerateArray().Select(device => device.GetProperty("id").GetString()!)];
        bool Has(string driver) => devices.Any(device => device.StartsWith(driver));
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        (string Name, bool? Here, string Found, string Remedy)[] expected =
        [
            ("OpenCV", null, @"^\d+\.\d+", "apt-get install "),
            ("ffmpeg", folders.Any(folder => File.Exists(Path.Combine(folder, "ffmpeg"))), @"\d", "--no-install-recommends ffmpeg"),
            ("OpenCL", Has("opencl:"), @"^\d+ devices?\z", "pocl-opencl-icd"),
            ("CUDA", Has("cuda:"), @"^\d+ devices?\z", "NVIDIA's driver"),
        ];
        JsonElement[] libraries = [.. report.GetProperty("libraries").EnumerateArray()];
        Assert.Equal(expected.Select(library => library.Name), libraries.Select(library => library.GetProperty("name").GetString()));
        foreach ((JsonElement library, (string name, bool? here, string found, string remedy)) in libraries.Zip(expected))
        {
            bool isFound = library.GetProperty("found").GetBoolean();
            Assert.True(here == null || here == isFound, name);
            if (isFound) Assert.Matches(found, library.GetProperty("detail").GetString());
            Assert.Contains(isFound ? "" : remedy, library.GetProperty("remedy").GetString() ?? "");
            Assert.Equal(isFound, library.GetProperty("remedy").ValueKind == JsonValueKind.Null);
        }
    }

    [Fact]
    public async Task The_memory_is_no_more_than_the_kernels()
    {
        long Kernel(string name) => 1024 * long.Parse(File.ReadLines("/proc/meminfo").Single(line => line.StartsWith(name)).Split(' ')[^2]);
        JsonElement report = await Report();
        Assert.InRange(report.GetProperty("memory_total").GetInt64(), 1L << 28, Kernel("MemTotal:"));
        Assert.InRange(report.GetProperty("memory_available").GetInt64(), 1L << 20, Kernel("MemTotal:"));
    }

    [Fact]
    public async Task An_OpenCl_device_is_listed_even_without_generic_address_space()
    {
        JsonElement[] devices = [.. (await Report()).GetProperty("devices").EnumerateArray()];
        JsonElement[] openCl = [.. devices.Where(device => device.GetProperty("id")
            .GetString()!.StartsWith("opencl:", StringComparison.Ordinal))];
        if (openCl.Length == 0) AbsentUnlessRequired("OpenCl");
        Assert.Equal("opencl:0", openCl[0].GetProperty("id").GetString());
        Assert.All(openCl, device => Assert.True(device.GetProperty("memory").GetInt64() > 0));
    }

    [Fact]
    public async Task Every_accelerator_is_tested_against_the_processor()
    {
        JsonElement report = await Report();
        JsonElement[] tests = [.. report.GetProperty("self_tests").EnumerateArray()];
        Assert.Equal(report.GetProperty("devices").EnumerateArray().Select(device => device.GetProperty("id").GetString()),
            tests.Select(test => test.GetProperty("device").GetString()));
        if (tests.Length == 0) AbsentUnlessRequired("OpenCl");
        Assert.All(tests, test =>
        {
            Assert.Equal(JsonValueKind.Null, test.GetProperty("failure").ValueKind);
            Assert.Equal(12, test.GetProperty("kernels").GetInt32());
            Assert.InRange(test.GetProperty("seconds").GetDouble(), 0.001, 60);
        });
        Assert.Matches(@"self-test passed \(12 kernels, \d+\.\d s\)", (await EdgeProcess.Run("doctor")).Output);
    }

    [Fact]
    public async Task Without_drivers_it_says_so_and_succeeds()
    {
        string empty = Directory.CreateTempSubdirectory("vendors").FullName;
        var run = new EdgeRun { Arguments = ["doctor"], Environment = new Dictionary<string, string?> { ["OCL_ICD_VENDORS"] = empty } };
        EdgeResult result = await EdgeProcess.Run(run);
        Assert.Equal(0, result.Code);
        Assert.DoesNotContain("opencl:0", result.Output);
        Assert.Matches(@"OpenCL +MISSING: libOpenCL\.so\.1 is [^\n]+\n +to get it: .*pocl-opencl-icd", result.Output);
    }

    [Fact]
    public async Task The_text_tells_the_same_as_the_json()
    {
        string text = (await EdgeProcess.Run("doctor")).Output;
        JsonElement report = await Report();
        Assert.Contains(report.GetProperty("simd").GetString()!, text);
        Assert.All(report.GetProperty("devices").EnumerateArray(), device => Assert.Contains(device.GetProperty("id").GetString()!, text));
    }

    private static async Task<JsonElement> Report()
    {
        EdgeResult result = await EdgeProcess.Run("doctor", "--json");
        Assert.Equal(0, result.Code);
        return JsonDocument.Parse(result.Output).RootElement;
    }

    private static void AbsentUnlessRequired(string what)
    {
        bool required = (Environment.GetEnvironmentVariable("EDGE_REQUIRE") ?? "").Split(',').Contains(what);
        if (required) Assert.Fail($"an {what} device is required (EDGE_REQUIRE) but absent");
        Assert.Skip($"needs an {what} device");
    }
}
