using System.Diagnostics;
using System.Text.Json;
using EdgeVideoLlava.Edge.Commands;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>Looks at the machine from a child process: a native library that ends the process which loads it ends that one.</summary>
internal static class ChildReport
{
    /// <summary>The command's option by which the child looks for itself.</summary>
    public const string Here = "--here";

    public static async Task<MachineReport> Take(CancellationToken cancel)
    {
        using Process child = Process.Start(Command())!;
        try
        {
            Task<string> errors = child.StandardError.ReadToEndAsync(cancel);
            string output = await child.StandardOutput.ReadToEndAsync(cancel);
            await child.WaitForExitAsync(cancel);
            await errors;
            return Parse(output) ?? MachineReport.WithoutLibraries(How(child.ExitCode));
        }
        finally
        {
            if (!child.HasExited) child.Kill();
        }
    }

    /// <summary>This program again, whether it was started by its own name or by dotnet's.</summary>
    private static ProcessStartInfo Command()
    {
        string program = Environment.ProcessPath!;
        string[] itself = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [Environment.GetCommandLineArgs()[0]] : [];
        return new ProcessStartInfo(program, [.. itself, "doctor", "--json", Here])
        {
            RedirectStandardInput = true, // a child that asks something gets no answer
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
    }

    private static MachineReport? Parse(string output)
    {
        try
        {
            return JsonSerializer.Deserialize(output, DoctorJson.Readable.MachineReport);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string How(int code) => code > 128 ? $"signal {code - 128}" : $"exit code {code}";
}
