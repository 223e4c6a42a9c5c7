using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <param name="Stack">Bytes of stack frame and spilled registers, each of which is local memory.</param>
/// <param name="LocalAccesses">Instructions that read or write local memory or a generic address; null where there is no cuobjdump.</param>
internal sealed record Assembled(int Registers, int SharedBytes, int Stack, int? LocalAccesses);

/// <summary>NVIDIA's assembler, which needs no GPU: ptxas of EDGE_PTXAS or the path (Debian non-free:
/// nvidia-cuda-toolkit), and cuobjdump beside it.</summary>
internal static partial class Ptxas
{
    private static readonly string? Program = Find();

    public static bool IsHere => Program != null;

    public const string Remedy = "no ptxas on the path or in EDGE_PTXAS: apt-get install nvidia-cuda-toolkit (Debian non-free)";

    public static Assembled Assemble(string text, int architecture)
    {
        (string report, string? code) = MachineCode(text, architecture);
        return new Assembled(
            Number(report, @"Used (\d+) registers"), Number(report, @"(\d+) bytes smem"),
            Number(report, @"(\d+) bytes stack frame") + Number(report, @"(\d+) bytes spill stores")
            + Number(report, @"(\d+) bytes spill loads"),
            code == null ? null : LocalAccess().Count(code));
    }

    /// <summary>What the assembler reports, and the machine code (SASS) as text; null where there is no cuobjdump.</summary>
    public static (string Report, string? Code) MachineCode(string text, int architecture)
    {
        using var folder = new TemporaryFolder();
        string source = Path.Combine(folder.Path, "kernel.ptx"), binary = Path.Combine(folder.Path, "kernel.cubin");
        File.WriteAllText(source, text);
        string report = Run(Program!, "-v", $"-arch=sm_{architecture}", "-O3", source, "-o", binary);
        string disassembler = Path.Combine(Path.GetDirectoryName(Program!)!, "cuobjdump");
        return (report, File.Exists(disassembler) ? Run(disassembler, "-sass", binary) : null);
    }

    private static string Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        // cuobjdump calls nvdisasm
        start.Environment["PATH"] = $"{Path.GetDirectoryName(program)}:{Environment.GetEnvironmentVariable("PATH")}";
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd() + errors.Result;
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{Path.GetFileName(program)}: {output}");
    }

    // The largest: the report also lists functions that the kernel no longer calls.
    private static int Number(string report, string pattern)
        => Regex.Matches(report, pattern).Select(match => int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture))
        .DefaultIfEmpty(0).Max();

    private static string? Find()
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, "ptxas"))
            .Prepend(Environment.GetEnvironmentVariable("EDGE_PTXAS") ?? "").FirstOrDefault(File.Exists);

    [GeneratedRegex(@"\b(LDL|STL|LD\.E|ST\.E)\b")]
    private static partial Regex LocalAccess();
}
