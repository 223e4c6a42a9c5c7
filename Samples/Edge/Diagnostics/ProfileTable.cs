using System.Globalization;
using System.Text;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>Profiles as a table in Markdown.</summary>
public static class ProfileTable
{
    /// <summary>What a reader of the table has to know.</summary>
    public const string Legend =
        "Launches timed one by one, by the device's time stamps: each contains the gap before it, which of a launch of few µs may be "
        + "most, and which recorded work has not. "
        + "Bytes of a product: weights, x and y, each once; of attention, all its kernels together, beside the first of them.";

    /// <param name="most">Kernels of a job; the rest is one line.</param>
    internal static string Of(IEnumerable<JobProfile> jobs, int most)
    {
        var text = new StringBuilder(
            "| job | kernel | shape | launches | µs a launch | of the job | GB/s | TFLOP/s |\n|---|---|---|---:|---:|---:|---:|---:|\n");
        foreach (JobProfile job in jobs)
        {
            foreach (LaunchTime kernel in job.Kernels.Take(most)) Row(text, job, kernel);
            LaunchTime[] rest = [.. job.Kernels.Skip(most)];
            if (rest.Length > 0)
                Row(text, job, new LaunchTime($"{rest.Length} others", "", rest.Sum(kernel => kernel.Launches),
                    rest.Sum(kernel => kernel.Seconds), 0, 0));
            Row(text, job, new LaunchTime("all", "", job.Kernels.Sum(kernel => kernel.Launches), job.Seconds, 0, 0));
        }
        return text.ToString();
    }

    private static void Row(StringBuilder text, JobProfile job, LaunchTime kernel)
    {
        string bytes = kernel.Bytes > 0 ? Invariant($"{kernel.Bytes / job.SecondsOf(kernel) / 1e9:0.0}") : "";
        string flop = kernel.Flop > 0 ? Invariant($"{kernel.Flop / job.SecondsOf(kernel) / 1e12:0.0##}") : "";
        text.Append($"| {job.Job} | {kernel.Kernel} | {kernel.Shape} | {kernel.Launches} | ");
        text.Append(Invariant(
            $"{kernel.Seconds / Math.Max(1, kernel.Launches) * 1e6:0.0} | {kernel.Seconds / job.Seconds:0.0 %} | {bytes} | {flop} |\n"));
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
