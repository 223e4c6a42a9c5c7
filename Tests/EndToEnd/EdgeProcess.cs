using System.Diagnostics;

namespace EdgeVideoLlava.Tests.EndToEnd;

/// <summary>Runs the real ./edge as a child process, as a user would.</summary>
public static class EdgeProcess
{
    /// <summary>Long enough for a first build of the program on two busy cores.</summary>
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromMinutes(5);

    public static string Repository => ReferenceFiles.Repository;

    /// <summary>The first start may build, and says so on stderr; no test shall see that.</summary>
    private static readonly Lazy<Task> Built = new(() => RunBuilt(new EdgeRun { Arguments = ["--version"] }));

    /// <summary>Runs ./edge to its end.</summary>
    /// <param name="arguments">The command line, word by word.</param>
    public static Task<EdgeResult> Run(params string[] arguments) => Run(new EdgeRun { Arguments = arguments });

    /// <summary>Runs ./edge to its end, which must come before the time limit.</summary>
    public static async Task<EdgeResult> Run(EdgeRun run)
    {
        await Built.Value;
        return await RunBuilt(run);
    }

    /// <summary>Runs a bash script, the only argument, in which $EDGE is the program, without its launcher.</summary>
    public static async Task<EdgeResult> Shell(EdgeRun run)
    {
        await Built.Value;
        return await RunBuilt(run with { Arguments = ["-c", .. run.Arguments] }, "bash");
    }

    private static async Task<EdgeResult> RunBuilt(EdgeRun run, string? program = null)
    {
        using Process process = StartBuilt(run, program);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(run.Limit ?? DefaultLimit);
        // Both pipes are read while the process runs: a full pipe would stop it.
        Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
        Task<string> errors = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return new EdgeResult(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"edge {string.Join(' ', run.Arguments)}: no end after {run.Limit ?? DefaultLimit}");
        }
    }

    /// <summary>Starts ./edge for tests that send signals or close pipes; the caller ends and disposes it.</summary>
    public static async Task<Process> Start(EdgeRun run)
    {
        await Built.Value;
        return StartBuilt(run);
    }

    /// <summary>Sends SIGINT, as Ctrl-C does.</summary>
    public static void Interrupt(Process process) => Process.Start("kill", ["-INT", process.Id.ToString()]).WaitForExit();

    /// <summary>For what needs OpenCL: a named skip without it, a failure where EDGE_REQUIRE asks for it.</summary>
    public static void SkipOrFail(string reason)
    {
        if ((Environment.GetEnvironmentVariable("EDGE_REQUIRE") ?? "").Split(',').Contains("OpenCl")) Assert.Fail(reason);
        Assert.Skip(reason.Trim());
    }

    private static Process StartBuilt(EdgeRun run, string? program = null)
    {
        string edge = Path.Combine(Repository, "edge");
        var start = new ProcessStartInfo(program ?? edge, run.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = run.Folder ?? Path.GetTempPath(),
        };
        start.Environment["EDGE_NO_INSTALL"] = "1";
        start.Environment["EDGE"] = Path.Combine(Repository, "Samples/Edge/bin/Release/net10.0/linux-x64/edge");
        foreach ((string name, string? value) in run.Environment) start.Environment[name] = value;
        Process process = Process.Start(start)!;
        if (run.Input != null) process.StandardInput.Write(run.Input);
        if (run.KeepsInputOpen) process.StandardInput.Flush();
        else process.StandardInput.Close();
        return process;
    }
}
