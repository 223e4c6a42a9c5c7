using System.Diagnostics;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>The test program as a child of itself, for tests that need the whole process in another state.</summary>
internal static class TestProcess
{
    /// <param name="environment">Variables beside ours.</param>
    /// <param name="arguments">Which tests, in the words of the test program.</param>
    /// <exception cref="TimeoutException">It has not ended in time, and was killed.</exception>
    public static (int ExitCode, string Output) Run(TimeSpan limit, IEnumerable<(string Name, string Value)> environment,
        params IEnumerable<string> arguments)
    {
        string[] words = [.. arguments, "-noColor"];
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "EdgeVideoLlava.Tests.Unit"), words)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string inherited in start.Environment.Keys.Where(name => name.StartsWith("TESTINGPLATFORM", StringComparison.Ordinal))
            .ToArray())
            start.Environment.Remove(inherited);
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{string.Join(' ', words)}: no end after {limit.TotalMinutes} minutes");
        }
        return (process.ExitCode, output.Result + errors.Result);
    }
}
