using System.Globalization;
using EdgeVideoLlava.Kernels;

namespace EdgeVideoLlava.Runtime.Diagnostics;

/// <summary>The sections of a report one after the other; whatever fails is a line of the report, and the rest goes on.</summary>
internal sealed class GpuReportRun(GpuReportResults results, GpuReportOptions options, GpuReportClock clock, IProgress<string> progress) : IDisposable
{
    private readonly List<ComputeDevice> devices = [];

    private static readonly TimeSpan KernelTime = TimeSpan.FromSeconds(3);

    public void All()
    {
        Open();
        foreach (ComputeDevice device in devices) Checks(device);
        if (results.Device == "ilgpu-cpu")
        {
            results.Skipped.Add("times: ILGPU's CPU accelerator has a thread for each lane, its speed means nothing");
            return;
        }
        Copy(devices[0]);
        Models(devices[0]);
        for (int i = 0; i < devices.Count; i++) Kernels(devices[i], i > 0 ? devices[0] : null);
    }

    public void Dispose()
    {
        foreach (ComputeDevice device in devices)
        {
            try
            {
                device.Dispose();
            }
            catch (DeviceFailedException)
            {
                // what had failed is in the report
            }
        }
    }

    public static string Line(Exception e) => $"{(e is DeviceFailedException or DeviceUnavailableException ? "" : e.GetBaseException().GetType().Name + ": ")}{e.GetBaseException().Message.ReplaceLineEndings(" ")}";

    public static string Tier(ComputeDevice device) => device is not IlgpuDevice ilgpu ? "processor's own code, fp32"
        : $"{ilgpu.Tier switch { KernelTier.TensorCore => "tensor-core", KernelTier.Portable => "portable", _ => "processor" }}, {(ilgpu.ActivationType == StorageType.F16 ? "fp16" : "fp32")}";

    /// <summary>The device with the kernels it is made for, and again with the portable ones.</summary>
    private void Open()
    {
        bool lanes = results.Device == "ilgpu-cpu";
        Add(new DeviceOptions(options.Threads, lanes ? StorageType.F16 : null, lanes ? KernelTier.TensorCore : null));
        if (devices[0] is IlgpuDevice { Tier: not KernelTier.Portable } && !lanes) Add(new DeviceOptions(0, StorageType.F16, KernelTier.Portable));

        void Add(DeviceOptions wanted)
        {
            progress.Report($"opening {results.Device}{(wanted.Tier == null ? "" : $", {wanted.Tier}")} (all its kernels are compiled)");
            devices.Add(ComputeDevices.Open(results.Device, wanted));
            results.Opened.Add($"{devices[^1].Description}; {Tier(devices[^1])}");
        }
    }

    private void Checks(ComputeDevice device)
    {
        if (device is not IlgpuDevice ilgpu) return; // the processor is what the others are held against
        int failed = 0;
        IReadOnlyList<DeviceCheck> checks = [.. DeviceChecks.Of(ilgpu), DecodeCheck.Of(ilgpu)];
        foreach (DeviceCheck check in checks)
        {
            if (clock.Over.IsCancellationRequested)
            {
                results.Skipped.Add($"check, {Tier(device)}: {check.Name} and those after it (time)");
                break;
            }
            string? failure = Attempt(check.Run);
            results.Checks.Add(new CheckResult(Tier(device), check.Name, failure));
            if (failure == null) continue;
            failed++;
            progress.Report($"FAILED: {check.Name}: {failure}");
        }
        progress.Report($"{checks.Count} checks, {Tier(device)}: {failed} failed ({Seconds})");
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
        else progress.Report(string.Create(CultureInfo.InvariantCulture, $"large copy: {results.Copy / 1e9:0} GB/s read and written ({Seconds})"));
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
            progress.Report(result.Failure == null ? $"whole model, {type}, {result.Layers} layers: done ({Seconds})" : $"whole model, {type}: {result.Failure}");
            last = clock.Elapsed - before;
        }
    }

    /// <param name="besides">Already measured: what its tier has no other kernel for is left out.</param>
    private void Kernels(ComputeDevice device, ComputeDevice? besides)
    {
        bool graphs = !results.Checks.Exists(check => check.Tier == Tier(device) && check.Check == DeviceChecks.RecordedName && check.Failure != null);
        bool same = besides is IlgpuDevice { Tier: KernelTier.TensorCore };
        var works = new KernelWorks(results.Sizes.Config, results.Sizes.Positions, device.ActivationType);
        int done = 0;
        foreach (KernelWork work in works.All(results.Sizes.Types).Where(work => !same || work.OnTensorCores))
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

    /// <summary>What is wrong in one line, whether it is said or thrown; null if nothing is.</summary>
    private string? Attempt(Func<string?> run)
    {
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
            return Line(e); // whatever a driver comes up with
        }
    }
}
