using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Discovery;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>All that a GPU has to tell, in one go: whether its kernels are right, how fast each is, and how fast the whole model.</summary>
/// <remarks>
/// The work is done on a thread of its own: a kernel that never ends must not take the results before it along. On a
/// processor (if named) the same is done at small sizes.
/// </remarks>
public static class GpuReport
{
    /// <summary>What a work may take beyond the time that is left: opening a device, one repetition of a model.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(40);

    /// <summary>Checks and measures.</summary>
    /// <param name="progress">Told what is done, a line at a time.</param>
    /// <exception cref="DeviceUnavailableException">There is no such device; no GPU for "auto".</exception>
    public static GpuReportOutcome Make(GpuReportOptions options, IProgress<string> progress, CancellationToken cancel = default)
    {
        (string id, bool isGpu) = Choose(options.Device);
        var results = new GpuReportResults { Device = id, IsGpu = isGpu, Sizes = isGpu ? GpuReportSizes.Real : GpuReportSizes.Small };
        var clock = new GpuReportClock(options.Budget, cancel);
        Exception? failure = null;
        var work = new Thread(() =>
        {
            try
            {
                using var run = new GpuReportRun(results, options, clock, progress);
                run.All();
            }
            catch (Exception e)
            {
                failure = e;
            }
        })
        { IsBackground = true, Name = "GPU report" };
        work.Start();
        bool ended = Join(work, options.Budget + Grace, cancel);
        if (failure is DeviceUnavailableException) throw failure;
        if (!ended)
            results.Skipped.Add(
                $"everything after the last line above: {id} gave no answer within {(options.Budget + Grace).TotalMinutes:0.0} minutes");
        if (failure != null) results.Skipped.Add($"the rest: {GpuReportRun.Line(failure)}");
        results.Took = clock.Elapsed;
        return new GpuReportOutcome(GpuReportText.Of(results), results.Checks.Count(check => check.Failure != null));
    }

    /// <summary>The device, and whether it is a GPU.</summary>
    private static (string Id, bool IsGpu) Choose(string name)
    {
        if (name is "cpu" or "ilgpu-cpu") return (name, false);
        IReadOnlyList<DeviceDescription> devices = IlgpuDevices.List();
        if (name == "auto")
        {
            DeviceDescription? gpu = devices.FirstOrDefault(device => device.Id.StartsWith("cuda:", StringComparison.Ordinal))
                ?? devices.FirstOrDefault(IsGpu);
            return gpu != null ? (gpu.Id, true)
                : throw new DeviceUnavailableException(
                "this machine has no GPU that CUDA or OpenCL knows ('edge doctor' says what is missing); --device opencl or cpu tries the "
                + "report on the processor, at small sizes");
        }
        // "opencl" alone is the first GPU, else the first device, as everywhere.
        string kind = name.Split(':')[0];
        DeviceDescription[] ofKind = [.. devices.Where(device => device.Id.StartsWith(kind + ":", StringComparison.Ordinal))];
        DeviceDescription? chosen = name.Contains(':') ? ofKind.FirstOrDefault(device => device.Id == name) : ofKind.FirstOrDefault(IsGpu)
            ?? ofKind.FirstOrDefault();
        if (chosen != null) return (chosen.Id, IsGpu(chosen));
        ComputeDevices.Open(name).Dispose(); // says what is missing
        return (name, false);
    }

    private static bool IsGpu(DeviceDescription device) => device.Kind is "GPU" or "integrated GPU";

    /// <summary>False if it did not end in time.</summary>
    internal static bool Join(Thread work, TimeSpan limit, CancellationToken cancel)
    {
        long end = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        while (!work.Join(100))
        {
            cancel.ThrowIfCancellationRequested();
            if (Environment.TickCount64 > end) return false;
        }
        cancel.ThrowIfCancellationRequested();
        return true;
    }
}
