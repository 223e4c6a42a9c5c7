using System.Runtime.CompilerServices;
using EdgeVideoLlava.Tests.Ptx.Text;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>A kernel's text and the instructions of it that no launch has reached.</summary>
internal sealed record CoveredKernel(string Name, int Instructions, IReadOnlyList<string> Missed);

/// <summary>A child process whose device tests have the rows on interpreted CUDA text, and no others; in the end it writes which
/// instructions have run.</summary>
internal static class CudaTextCoverage
{
    private const string Variable = "EDGE_CUDA_TEXT_COVERAGE";

    /// <summary>Whether this process is such a child.</summary>
    public static bool IsOn { get; } = Environment.GetEnvironmentVariable(Variable) != null;

    /// <param name="arguments">Which tests, in the words of the test program.</param>
    public static (int ExitCode, string Output, string Total, IReadOnlyList<CoveredKernel> Kernels) Run(
        params IEnumerable<string> arguments)
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "coverage");
        (int exitCode, string output) = TestProcess.Run(TimeSpan.FromMinutes(60), [(Variable, file)], arguments);
        string[] lines = File.Exists(file) ? File.ReadAllLines(file) : ["nothing ran"];
        return (exitCode, output, lines[0], [.. lines.Skip(1).Select(line => line.Split('\t'))
            .Select(parts => new CoveredKernel(parts[0], int.Parse(parts[1]), parts[2..]))]);
    }

    [ModuleInitializer]
    internal static void Watch()
    {
        if (IsOn) AppDomain.CurrentDomain.ProcessExit += (_, _) => Write(Environment.GetEnvironmentVariable(Variable)!);
    }

    private static void Write(string file)
    {
        (long launches, long instructions) = CudaTextKernel.Total;
        IEnumerable<string> kernels = CudaTextDriver.Loaded.GroupBy(module => module.Name).Select(Line);
        File.WriteAllLines(file, [$"{launches} launches, {instructions} instructions", .. kernels.Order(StringComparer.Ordinal)]);
    }

    /// <summary>One line for all loads of a kernel.</summary>
    private static string Line(IGrouping<string, PtxModule> loads)
    {
        PtxModule first = loads.First();
        IEnumerable<string> missed = from at in Enumerable.Range(0, first.Code.Length)
                                     where !loads.Any(module => module.Covered[at])
                                     select $"{at}: {first.Lines[at]}";
        return string.Join('\t', [loads.Key, $"{first.Code.Length}", .. missed]);
    }
}
