using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Xml.Linq;

namespace EdgeVideoLlava.Tests.EndToEnd;

/// <summary>The processor's kernels on another processor: the unit tests, published for arm64, under qemu's user mode.</summary>
/// <remarks>Wants qemu-user-static, libc6-arm64-cross, libstdc++6-arm64-cross, and libssl3 of arm64, in which the test runner hashes: of
/// the system (apt-get install libssl3:arm64), or in the folder of EDGE_ARM64_LIBRARIES.</remarks>
[Trait("Category", "long")]
public sealed class ArmKernelTests : IDisposable
{
    private const string Root = "/usr/aarch64-linux-gnu", Qemu = "/usr/bin/qemu-aarch64-static";

    /// <summary>By namespace; more than one thread at a time makes an emulator wait, not compute.</summary>
    private static readonly string[] Rooms = ["Cpu.Simd", "MatMul", "Attention", "Norm", "Rotary", "Embedding", "Elementwise", "Packing",
        "Sampling", "Loss", "Preprocess"];

    private static readonly string[] Slow = ["*Threads_do_not_matter*", "*Gradients_are_those_of_the_forward*", "*allocates_nothing*"];

    private static readonly string Libraries = Environment.GetEnvironmentVariable("EDGE_ARM64_LIBRARIES") ?? "/usr/lib/aarch64-linux-gnu";

    private readonly string folder = Directory.CreateTempSubdirectory("edge-arm64-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task The_processor_s_kernels_are_right_with_NEON()
    {
        Assert.SkipWhen(RuntimeInformation.ProcessArchitecture == Architecture.Arm64, "the unit tests themselves run on arm64 here");
        Assert.SkipUnless(File.Exists(Qemu) && Directory.Exists(Root),
            "wants qemu-user-static, libc6-arm64-cross and libstdc++6-arm64-cross");
        Assert.SkipUnless(File.Exists($"{Libraries}/libssl.so.3"), "wants libssl3 of arm64 (EDGE_ARM64_LIBRARIES names its folder)");
        // Outputs and lock files of another platform lie apart from the repository's.
        await Run("dotnet", "publish", $"{EdgeProcess.Repository}/Tests/Unit", "-c", "Release", "-r", "linux-arm64", "--self-contained",
            "--artifacts-path", $"{folder}/artifacts", "-p:WithoutVideo=true", "-p:NuGetLockFilePath=obj/linux-arm64.lock.json",
            "-o", $"{EdgeProcess.Repository}/Tests/Unit/bin/arm64", "-v", "quiet", "--nologo", "--disable-build-servers");
        string[] rooms = [.. Rooms.SelectMany(room => new[] { "-namespace", $"EdgeVideoLlava.Tests.Unit.Kernels.{room}" })];
        string[] without = [.. Slow.SelectMany(method => new[] { "-method-", method })];
        await Run(Qemu, ["-L", Root, "-E", $"LD_LIBRARY_PATH={Libraries}", $"{EdgeProcess.Repository}/Tests/Unit/bin/arm64/EdgeVideoLlava.Tests.Unit",
            "-noLogo", "-noColor", "-parallel", "none", "-trait-", "Category=long", "-result-xml", $"{folder}/results.xml", .. rooms, .. without]);
        XElement[] tests = [.. XDocument.Load($"{folder}/results.xml").Descendants("test")];
        string[] passed = [.. tests.Where(test => test.Attribute("result")!.Value == "Pass").Select(test => test.Attribute("name")!.Value)];
        foreach (IGrouping<string, XElement> type in tests.GroupBy(test => test.Attribute("type")!.Value.Split('.')[^1]).OrderBy(type => type.Key))
            TestContext.Current.TestOutputHelper?.WriteLine($"{type.Key}: {string.Join(", ", type.GroupBy(test => test.Attribute("result")!.Value)
                .Select(result => $"{result.Count()} {result.Key}"))}");
        Assert.DoesNotContain(tests, test => test.Attribute("result")!.Value == "Fail");
        Assert.True(passed.Length > 300, $"{passed.Length} tests have passed");
        Assert.Contains(passed, name => name.Contains("Cpu.Vector128"));
    }

    private static async Task Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0"; // qemu does not see what is written through the other mapping
        start.Environment["EDGE_TEST_PROCESSOR"] = "1";
        using Process process = Process.Start(start)!;
        string text = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, text);
    }
}
