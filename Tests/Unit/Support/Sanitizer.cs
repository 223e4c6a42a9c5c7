using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>oclgrind as the OpenCL driver of a child process that runs tests: what its log says is the verdict, not
/// the exit code.</summary>
/// <remarks>
/// oclgrind holds memory initialised that the host has copied to, and of a buffer only what the last copy wrote, if
/// that began at its start.
/// So every buffer is written whole by the host before a kernel sees it, and what it finds uninitialised is shared memory and registers.
/// </remarks>
internal static class Sanitizer
{
    public const string Driver = "/usr/lib/oclgrind/liboclgrind-rt-icd.so";

    private const string LaunchFile = "EDGE_LAUNCH_FILE", Initialised = "EDGE_WRITE_WHOLE";

    private static readonly ConcurrentDictionary<string, bool> Launched = new();

    /// <summary>Whether this process is such a child.</summary>
    public static bool IsOn { get; } = Environment.GetEnvironmentVariable(LaunchFile) != null;

    private static bool WritesWhole { get; } = Environment.GetEnvironmentVariable(Initialised) != null;

    /// <param name="uninitialised">Whether to look for reads of memory that nothing wrote; then only tests may run
    /// whose operands are written whole.</param>
    /// <param name="environment">Variables for the child beside ours.</param>
    /// <param name="arguments">Which tests, in the words of the test program. They run one after the other: oclgrind
    /// simulates one kernel at a time.</param>
    public static SanitizerRun Run(bool uninitialised, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        Assert.SkipUnless(File.Exists(Driver), $"no {Driver}: apt-get install oclgrind ocl-icd-libopencl1");
        using var folder = new TemporaryFolder();
        string log = Path.Combine(folder.Path, "oclgrind.log"), launches = Path.Combine(folder.Path, "launches");
        (string Name, string Value)[] variables =
        [
            ("OCL_ICD_VENDORS", Driver), ("OCLGRIND_DATA_RACES", "1"), ("OCLGRIND_MAX_ERRORS", "1000"), ("OCLGRIND_LOG", log),
            ("EDGE_REQUIRE", nameof(TestDevice.OpenCl)), (LaunchFile, launches),
            .. uninitialised ? [("OCLGRIND_UNINITIALIZED", "1"), (Initialised, "1")] : ReadOnlySpan<(string, string)>.Empty,
            .. environment.Select(pair => (pair.Key, pair.Value)),
        ];
        (int exitCode, string output) = TestProcess.Run(TimeSpan.FromMinutes(20), variables, [.. arguments, "-parallelMode", "none"]);
        string[] lines = File.Exists(launches) ? File.ReadAllLines(launches) : [];
        return new SanitizerRun(exitCode, output, File.Exists(log) ? File.ReadAllText(log).Trim() : "no log",
            [.. lines.Select(line => line.Split('\t')).Select(parts => (parts[0], parts[1]))]);
    }

    /// <summary>For operands that are loaded in pieces; see the class.</summary>
    public static void WriteWhole(DeviceBuffer buffer)
    {
        if (WritesWhole && buffer is IlgpuBuffer accelerated) WriteWhole(accelerated.Memory);
    }

    [ModuleInitializer]
    internal static void Watch()
    {
        if (WritesWhole) IlgpuDevice.Allocated = WriteWhole;
        if (!IsOn) return;
        string file = Environment.GetEnvironmentVariable(LaunchFile)!;
        IlgpuQueue.Launching = (accelerator, kernel) =>
        {
            // a test that names ILGPU's own beside OpenCL: the driver has no part in it
            if (accelerator.AcceleratorType == AcceleratorType.CPU) return;
            string line = $"{accelerator.Name}\t{DeviceKernels.Name(kernel.Method)}";
            if (!Launched.TryAdd(line, true)) return;
            lock (Launched) File.AppendAllText(file, line + "\n");
        };
    }

    private static void WriteWhole(MemoryBuffer memory)
    {
        ArrayView<byte> view = memory.AsRawArrayView();
        var bytes = new byte[view.Length];
        view.CopyToCPU(bytes);
        view.CopyFromCPU(bytes);
    }
}

/// <param name="Log">What oclgrind found: empty is clean.</param>
/// <param name="Launched">Device and kernel of everything that was launched, by <see cref="DeviceKernels.Name"/>.</param>
internal sealed record SanitizerRun(int ExitCode, string Output, string Log, IReadOnlyList<(string Device, string Kernel)> Launched);
