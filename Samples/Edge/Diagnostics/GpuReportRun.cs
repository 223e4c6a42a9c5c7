using System.Globalization;
using EdgeVideoLlava.Kernels.Checks;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Discovery;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>The sections of a report one after the other; whatever fails is a line of the report, and the rest goes on.</summary>
internal sealed class GpuReportRun(GpuReportResults results, GpuReportOptions options, GpuReportClock clock, IProgress<string> progress)
    : IDisposable
{
    /// <summary>After a kernel that failed the driver may refuse all that follows; the device is opened anew so often at most.</summary>
    private const int MostReopenings = 3;

    private static readonly TimeSpan KernelTime = TimeSpan.FromSeconds(3);

    private readonly List<(DeviceOptions Options, ComputeDevice Device)> devices = [];
    private int reopenings;

    public void All()
    {
        Open();
        for (int i = 0; i < devices.Count; i++) Checks(i);
        if (devices.Count == 0 || results.Device == "ilgpu-cpu")
        {
            results.Skipped.Add(devices.Count == 0 ? "times: the device does not open"
                : "times: ILGPU's CPU accelerator has a thread for each lane, its speed means nothing");
            return;
        }
        Copy(devices[0].Device);
        Models(devices[0].Device);
        for (int i = 0; i < devices.Count; i++) Kernels(devices[i].Device, i > 0 ? devices[0].Device : null);
    }

    public void Dispose()
    {
        foreach ((_, ComputeDevice device) in devices) Close(device);
    }

    public static string Line(Exception e)
        => (e is EdgeException ? "" : e.GetBaseException().GetType().Name + ": ") + e.GetBaseException().Message.ReplaceLineEndings(" ");

    public static string Tier(ComputeDevice device) => device is not IlgpuDevice ilgpu ? "processor's own code, fp32"
        : $"{ilgpu.TierName}, {(ilgpu.ActivationType == StorageType.F16 ? "fp16" : "fp32")}";

    /// <summary>The device with the kernels it is made for, and again with the portable ones.</summary>
    /// <exception cref="DeviceUnavailableException">It is not a GPU and does not open; of a GPU that is a failed check.</exception>
    private void Open()
    {
        bool lanes = results.Device == "ilgpu-cpu";
        Add(new DeviceOptions(options.Threads, lanes ? StorageType.F16 : null, lanes ? KernelTier.TensorCore : null));
        if (!lanes && results.Device != "cpu")
        {
            foreach (DeviceOptions other in Others(devices.FirstOrDefault().Device)) Add(other);
        }

        void Add(DeviceOptions wanted)
        {
            // the device whose models are profiled
            if (wanted.Tier is null or KernelTier.TensorCore) wanted = wanted with { TimesLaunches = true };
            progress.Report(
                $"opening {results.Device}{(wanted.Tier == null ? "" : $", {wanted.Tier}")}{(wanted.DeepTiles ? " with deep tiles" : "")}");
            try
            {
                devices.Add((wanted, ComputeDevices.Open(results.Device, wanted)));
            }
            catch (DeviceUnavailableException e) when (results.IsGpu)
            {
                results.Checks.Add(new CheckResult(wanted.Tier?.ToString() ?? "default", "opening the device", Line(e)));
                progress.Report($"FAILED: {Line(e)}");
                return;
            }
            results.Opened.Add($"{devices[^1].Device.Description}; {Tier(devices[^1].Device)}");
        }
    }

    /// <summary>What else the device is opened for: the tiles that are not its choice, the portable kernels.</summary>
    /// <param name="first">With the kernels it is made for; null if that failed.</param>
    internal static IEnumerable<DeviceOptions> Others(ComputeDevice? first)
    {
        if (first is IlgpuDevice { CanHaveDeepTiles: true })
            yield return new DeviceOptions(0, StorageType.F16, KernelTier.TensorCore, DeepTiles: true);
        if (first is null or IlgpuDevice { Tier: not KernelTier.Portable })
            yield return new DeviceOptions(0, StorageType.F16, KernelTier.Portable);
    }

    private void Checks(int index)
    {
        if (devices[index].Device is not IlgpuDevice device) return; // the processor is what the others are held against
        string tier = Tier(device);
        int failed = 0;
        IReadOnlyList<DeviceCheck> checks = All(device);
        for (int i = 0; i < checks.Count; i++)
        {
            if (clock.Over.IsCancellationRequested)
            {
                results.Skipped.Add($"check, {tier}: {checks[i].Name} and those after it (time)");
                break;
            }
            string? failure = Attempt(checks[i].Run, out bool thrown);
            results.Checks.Add(new CheckResult(tier, checks[i].Name, failure));
            if (failure == null) continue;
            failed++;
            progress.Report($"FAILED: {checks[i].Name}: {failure}");
            if (thrown && reopenings++ < MostReopenings) checks = All((IlgpuDevice)Reopen(index));
        }
        progress.Report($"{checks.Count} checks, {tier}: {failed} failed ({Seconds})");

        static IReadOnlyList<DeviceCheck> All(IlgpuDevice device) => [.. DeviceChecks.Of(device), DecodeCheck.Of(device)];
    }

    private ComputeDevice Reopen(int index)
    {
        (DeviceOptions wanted, ComputeDevice old) = devices[index];
        Close(old);
        devices[index] = (wanted, ComputeDevices.Open(results.Device, wanted));
        return devices[index].Device;
    }

    /// <summary>A device that has failed may fail again.</summary>
    private static void Close(ComputeDevice device)
    {
        try
        {
            device.Dispose();
        }
        catch (Exception)
        {
            // what had failed is in the report
        }
    }

    private void Copy(ComputeDevice device)
    {
        string? failure = Attempt(() =>
        {
            using ComputeQueue queue = device.CreateQueue();
            using var operands = new KernelOperands(device, queue, 0);
            int rows = (int)(results.Sizes.CopyBytes / (4096 * sizeof(float)));
            Matrix x = operands.Matrix(rows, 4096), y = operands.Matrix(rows, 4096);
            var timer = new KernelTimer(queue, results.Sizes.Batch, recorded: false);
            results.DriverCopy = 2 * results.Sizes.CopyBytes / timer.Measure(_ => queue.Copy(x, y), clock.Over);
            results.KernelCopy = 2 * results.Sizes.CopyBytes / timer.Measure(_ => CopyRows.Run(queue, x, y), clock.Over);
            return null;
        });
        if (failure != null) results.Skipped.Add($"the large copy: {failure}");
        else progress.Report(string.Create(CultureInfo.InvariantCulture,
            $"large copy: {results.Copy / 1e9:0} GB/s read and written ({Seconds})"));
    }

    private void Models(ComputeDevice device)
    {
        TimeSpan last = TimeSpan.Zero;
        foreach (StorageType type in new[] { StorageType.Q4_0, StorageType.Q8_0, StorageType.F16 })
        {
            TimeSpan before = clock.Elapsed;
            if (!clock.Allows(2 * last))
            {
                results.Skipped.Add($"whole model, {type} (time)");
                continue;
            }
            progress.Report($"whole model, {type}");
            ModelResult result = GpuReportModel.Measure(device, type, results.Sizes, clock.Over);
            results.Models.Add(result);
            progress.Report(result.Failure == null ? $"whole model, {type}, {result.Layers} layers: done ({Seconds})"
                : $"whole model, {type}: {result.Failure}");
            last = clock.Elapsed - before;
        }
    }

    /// <param name="besides">Already measured: what its tier has no other kernel for is left out.</param>
    private void Kernels(ComputeDevice device, ComputeDevice? besides)
    {
        bool graphs = !results.Checks.Exists(check => check.Tier == Tier(device) && check.Check == DeviceChecks.RecordedName
            && check.Failure != null);
        bool same = besides is IlgpuDevice { Tier: KernelTier.TensorCore }, tiles = device is IlgpuDevice { DeepTiles: true };
        var works = new KernelWorks(results.Sizes.Config, results.Sizes.Positions, device.ActivationType);
        int done = 0;
        foreach (KernelWork work in works.All(results.Sizes.Types)
            .Where(work => !same || (work.OnTensorCores && (work.Weight != null || !tiles))))
        {
            if (!clock.Allows(results.IsGpu ? KernelTime : TimeSpan.Zero))
            {
                results.Skipped.Add($"kernel, {Tier(device)}: {work.Operation} {work.Weight} {work.Shape} (time)");
                continue;
            }
            double? seconds = null;
            string? failure = Attempt(() =>
            {
                using ComputeQueue queue = device.CreateQueue();
                using var operands = new KernelOperands(device, queue, results.Sizes.RotatedBytes);
                seconds = new KernelTimer(queue, results.Sizes.Batch, graphs).Measure(work.Prepare(operands), clock.Over);
                return null;
            });
            results.Kernels.Add(new KernelResult(Tier(device), work, seconds, failure));
            if (failure != null) progress.Report($"FAILED: {work.Operation} {work.Weight} {work.Shape}: {failure}");
            if (++done % 20 == 0) progress.Report($"{done} kernels timed, {Tier(device)} ({Seconds})");
        }
        progress.Report($"{done} kernels timed, {Tier(device)} ({Seconds})");
    }

    private string Seconds => string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds:0} s");

    private string? Attempt(Func<string?> run) => Attempt(run, out _);

    /// <summary>What is wrong in one line, whether it is said or thrown; null if nothing is.</summary>
    private string? Attempt(Func<string?> run, out bool thrown)
    {
        thrown = false;
        try
        {
            return run();
        }
        catch (OperationCanceledException) when (clock.Over.IsCancellationRequested)
        {
            return "stopped, the time is over";
        }
        catch (Exception e)
        {
            thrown = true;
            return Line(e); // whatever a driver comes up with
        }
    }
}
