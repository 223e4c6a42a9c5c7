using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeVideoLlava.Edge.Diagnostics;
using EdgeVideoLlava.Kernels.Checks;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime.Live.Sources;

namespace EdgeVideoLlava.Edge.Commands;

/// <summary>edge doctor: what of this machine the program can use, and how to get what it lacks.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON object instead of text." };
        var here = new Option<bool>(ChildReport.Here) { Hidden = true };
        var command =
            new Command("doctor", "Show the devices, native libraries and memory found, with the remedy for what is missing.")
            { json, here };
        command.SetAction(async (parsed, cancel) =>
        {
            MachineReport report = parsed.GetValue(here) ? MachineReport.Take() : await ChildReport.Take(cancel);
            if (parsed.GetValue(json)) Console.WriteLine(JsonSerializer.Serialize(report, DoctorJson.Readable.MachineReport));
            else Print(report, Console.Out, TerminalText.Columns);
            return report.SelfTests.All(test => test.Failure == null) && report.Died == null ? ExitCodes.Ok : ExitCodes.DeviceFailed;
        });
        return command;
    }

    private static void Print(MachineReport report, TextWriter output, int columns)
    {
        output.WriteLine($"EdgeVideoLlava {report.Version} on {report.Platform}");
        output.WriteLine(
            $"processor  {report.Cores} cores, {report.Simd}");
        output.WriteLine($"memory     {Gibibytes(report.MemoryTotal)}, {Gibibytes(report.MemoryAvailable)} available");
        output.WriteLine();
        output.WriteLine("devices");
        Row("cpu", "the processor");
        foreach (DeviceDescription device in report.Devices)
        {
            Row(device.Id, $"{device.Name} ({device.Kind}, {Gibibytes(device.Memory)})");
            Row("", device.Driver);
            if (device.Details.Count > 0) Row("", string.Join(", ", device.Details));
            if (device.Lacks.Count > 0) Row("", $"without {string.Join(", ", device.Lacks)}");
            SelfTestResult test = report.SelfTests.Single(result => result.Device == device.Id);
            Row("", $"self-test {Outcome(test)}");
        }
        if (report.Died != null) output.WriteLine($"  not looked at: {report.Died}");
        else Row("auto", report.Automatic.ToString());
        output.WriteLine();
        output.WriteLine("cameras");
        if (report.Cameras.Count == 0) Row("none", "the system lists no camera (/sys/class/video4linux)");
        foreach (CameraEntry camera in report.Cameras)
        {
            string problem = camera.Problem == null ? "" : $" (NOT USABLE: {camera.Problem})";
            Row(Path.GetFileName(camera.Device), $"{camera.Device}: {camera.Name}{problem}");
            foreach (string mode in camera.Modes) Row("", mode);
        }
        output.WriteLine();
        output.WriteLine("libraries");
        foreach (LibraryStatus library in report.Libraries)
        {
            Row(library.Name, $"{(library.Found ? "found" : "MISSING")}: {library.Detail} ({library.Purpose})");
            if (library.Remedy != null) Row("", $"to get it: {library.Remedy}");
        }

        void Row(string name, string text) => output.WriteLine(TerminalText.Fold($"  {name,-9}  {text}", 13, columns));
    }

    private static string Outcome(SelfTestResult test) => test.Failure == null
        ? string.Create(CultureInfo.InvariantCulture, $"passed ({test.Kernels} kernels, {test.Seconds:0.0} s)")
        : $"FAILED: {test.Failure}";

    private static string Gibibytes(long bytes) => $"{bytes / (double)(1L << 30):0.0} GiB";
}

/// <summary>Made at compile time: reflection over the report would double the start-up time.</summary>
[JsonSerializable(typeof(MachineReport))]
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class DoctorJson : JsonSerializerContext
{
    /// <summary>Apostrophes and non-ASCII letters as they are: this is no web page.</summary>
    public static DoctorJson Readable
        => new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
