using System.Collections.Concurrent;
using System.Reflection;
using EdgeVideoLlava.Kernels.Ilgpu.Cuda;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace EdgeVideoLlava.Kernels.Ilgpu.Compile;

/// <summary>The kernels of a device: each is compiled when it is first wanted, by one thread, and held as long as the device.</summary>
/// <remarks>
/// Operations name their kernel in the launch itself, so there is no list. C# keeps one delegate for each place that
/// names a static method: a launch finds its kernel by that object, without reflection or allocation; only a place's
/// first launch looks at the method. Thread-safe.
/// </remarks>
/// <param name="gate">Held while the driver compiles: the lock of whoever else gives it work.</param>
internal sealed class KernelCache(Accelerator accelerator, Lock gate)
{
    private readonly ConcurrentDictionary<Delegate, LazyKernel> byDelegate = new(ReferenceEqualityComparer.Instance);
    private readonly ConcurrentDictionary<MethodInfo, LazyKernel> byMethod = [];
    private int compiled;

    /// <summary>How many kernels have been compiled so far.</summary>
    public int Compiled => Volatile.Read(ref compiled);

    /// <summary>Makes the launcher of a kernel, of the type given, in the accelerator's place: for tests of the text.</summary>
    internal Func<MethodInfo, Type, Delegate>? StandIn { get; set; }

    /// <typeparam name="TLauncher">Action of AcceleratorStream, the extent (Index1D or KernelConfig) and the kernel's
    /// own parameters.</typeparam>
    /// <param name="kernel">A static method marked as a <see cref="KernelAttribute"/>.</param>
    /// <exception cref="InvalidOperationException">The method is not marked.</exception>
    public LazyKernel<TLauncher> Get<TLauncher>(Delegate kernel) where TLauncher : Delegate
        => (LazyKernel<TLauncher>)(byDelegate.TryGetValue(kernel, out LazyKernel? known) ? known : Add<TLauncher>(kernel));

    private LazyKernel Add<TLauncher>(Delegate kernel) where TLauncher : Delegate
        => byDelegate.GetOrAdd(kernel, byMethod.GetOrAdd(kernel.Method, Create<TLauncher>));

    private LazyKernel Create<TLauncher>(MethodInfo kernel) where TLauncher : Delegate
    {
        (int Items, int DynamicBytes) group = KernelAttribute.Of(kernel);
        return new LazyKernel<TLauncher>(kernel, group, KernelText.IsOfItems(kernel)
            ? () => Compile<TLauncher>(kernel, KernelSpecialization.Empty, text => group.Items == 0
                ? accelerator.LoadAutoGroupedKernel(text)
                : accelerator.LoadImplicitlyGroupedKernel(text, Math.Min(group.Items, accelerator.MaxNumThreadsPerGroup)))
            : () => Compile<TLauncher>(kernel, new KernelSpecialization(group.Items, null), text => LoadGroups(text, group.DynamicBytes)));
    }

    private Kernel LoadGroups(CompiledKernel text, int dynamicBytes)
    {
        Kernel loaded = accelerator.LoadKernel(text);
        // CUDA wants to know of more than 48 KB before the launch.
        if (dynamicBytes > 0 && loaded is CudaKernel cuda) DriverApi.AllowShared(cuda, dynamicBytes);
        return loaded;
    }

    /// <summary>Compiles, the driver's part too; what goes wrong is one line with kernel, back end and the driver's own words.</summary>
    /// <exception cref="DeviceFailedException">The kernel does not compile.</exception>
    private TLauncher Compile<TLauncher>(MethodInfo kernel, KernelSpecialization specialization, Func<CompiledKernel, Kernel> load)
        where TLauncher : Delegate
    {
        using var log = new BuildLog();
        Interlocked.Increment(ref compiled);
        try
        {
            if (StandIn != null) return (TLauncher)StandIn(kernel, typeof(TLauncher));
            EntryPointDescription entry = KernelText.Entry(kernel);
            CompiledKernel? text = accelerator is CPUAccelerator ? null : KernelText.Compile(accelerator, entry, specialization);
            lock (gate)
            {
                accelerator.Bind(); // CUDA's current context is the thread's
                return load(text ?? accelerator.GetBackend().Compile(entry, specialization)).CreateLauncherDelegate<TLauncher>();
            }
        }
        catch (Exception e) when (e is not (DeviceFailedException or OutOfMemoryException))
        {
            Exception inner = e;
            while (inner.InnerException != null) inner = inner.InnerException;
            string reason = $"{BuildLog.Reason(inner)} {log.Text}".Trim();
            string name = $"{kernel.DeclaringType!.Name}.{kernel.Name}";
            string device = $"{accelerator.AcceleratorType} ({accelerator.Name.Trim()})";
            throw new DeviceFailedException(
                $"{device}: the kernel {name} does not compile: {reason}; update the driver, or take {Setting.Processor}",
                e)
            { Remedies = [Setting.Processor] };
        }
    }
}
