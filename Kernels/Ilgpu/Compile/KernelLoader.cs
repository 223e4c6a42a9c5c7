using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Errors;
using EdgeVideoLlava.Kernels.Ilgpu.Cuda;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace EdgeVideoLlava.Kernels.Ilgpu.Compile;

/// <summary>Makes the kernels of an accelerator, to be compiled on first use. One whose items work alone takes an index, one whose items work in groups a <see cref="KernelConfig"/>.</summary>
/// <param name="gate">Held while the driver compiles: the lock of whoever else gives it work.</param>
internal sealed class KernelLoader(Accelerator accelerator, KernelTier tier, Lock gate)
{
    private int compiled;

    public KernelTier Tier { get; } = tier;

    /// <summary>How many kernels have been compiled so far.</summary>
    public int Compiled => Volatile.Read(ref compiled);

    /// <summary>Whether products on tensor cores take <see cref="DeepTile128"/> where they took <see cref="Tile128"/>.</summary>
    public bool DeepTiles { get; init; }

    /// <summary>Whether kernels may compute in double: some OpenCL devices do not.</summary>
    public bool HasDoubles => accelerator is not CLAccelerator cl || cl.Capabilities.Float64;

    public void Load<T1, T2>(out LazyKernel<Action<AcceleratorStream, Index1D, T1, T2>> lazy, Action<Index1D, T1, T2> kernel)
        => lazy = Items<Action<AcceleratorStream, Index1D, T1, T2>>(kernel);

    public void Load<T1, T2, T3>(out LazyKernel<Action<AcceleratorStream, Index1D, T1, T2, T3>> lazy, Action<Index1D, T1, T2, T3> kernel)
        => lazy = Items<Action<AcceleratorStream, Index1D, T1, T2, T3>>(kernel);

    public void Load<T1, T2, T3, T4>(out LazyKernel<Action<AcceleratorStream, Index1D, T1, T2, T3, T4>> lazy, Action<Index1D, T1, T2, T3, T4> kernel)
        => lazy = Items<Action<AcceleratorStream, Index1D, T1, T2, T3, T4>>(kernel);

    public void Load<T1, T2, T3, T4, T5>(out LazyKernel<Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5>> lazy, Action<Index1D, T1, T2, T3, T4, T5> kernel)
        => lazy = Items<Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5>>(kernel);

    public void Load<T1, T2, T3, T4, T5, T6>(out LazyKernel<Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5, T6>> lazy, Action<Index1D, T1, T2, T3, T4, T5, T6> kernel)
        => lazy = Items<Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5, T6>>(kernel);

    public void Load<T1, T2, T3, T4, T5, T6, T7>(out LazyKernel<Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5, T6, T7>> lazy, Action<Index1D, T1, T2, T3, T4, T5, T6, T7> kernel)
        => lazy = Items<Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5, T6, T7>>(kernel);

    public void Load<T1, T2, T3, T4, T5, T6, T7, T8>(
        out LazyKernel<Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5, T6, T7, T8>> lazy, Action<Index1D, T1, T2, T3, T4, T5, T6, T7, T8> kernel)
        => lazy = Items<Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5, T6, T7, T8>>(kernel);

    /// <param name="group">Items of a group.</param>
    public LazyKernel<Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5, T6>> Load<T1, T2, T3, T4, T5, T6>(Action<Index1D, T1, T2, T3, T4, T5, T6> kernel, int group)
        => Items<Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5, T6>>(kernel, group);

    public void LoadGroups<T1, T2, T3>(out LazyKernel<Action<AcceleratorStream, KernelConfig, T1, T2, T3>> lazy, Action<T1, T2, T3> kernel, int group)
        => lazy = LoadGroups<Action<AcceleratorStream, KernelConfig, T1, T2, T3>>(kernel, group);

    public void LoadGroups<T1, T2, T3, T4>(out LazyKernel<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4>> lazy, Action<T1, T2, T3, T4> kernel, int group)
        => lazy = LoadGroups<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4>>(kernel, group);

    public void LoadGroups<T1, T2, T3, T4, T5>(out LazyKernel<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5>> lazy, Action<T1, T2, T3, T4, T5> kernel, int group)
        => lazy = LoadGroups<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5>>(kernel, group);

    public void LoadGroups<T1, T2, T3, T4, T5, T6>(out LazyKernel<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6>> lazy, Action<T1, T2, T3, T4, T5, T6> kernel, int group)
        => lazy = LoadGroups<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6>>(kernel, group);

    public void LoadGroups<T1, T2, T3, T4, T5, T6, T7>(
        out LazyKernel<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7>> lazy, Action<T1, T2, T3, T4, T5, T6, T7> kernel, int group)
        => lazy = LoadGroups<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7>>(kernel, group);

    public void LoadGroups<T1, T2, T3, T4, T5, T6, T7, T8>(
        out LazyKernel<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8>> lazy, Action<T1, T2, T3, T4, T5, T6, T7, T8> kernel, int group)
        => lazy = LoadGroups<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8>>(kernel, group);

    /// <typeparam name="TLauncher">Action of AcceleratorStream, KernelConfig and the kernel's own parameters.</typeparam>
    /// <param name="kernel">A static method.</param>
    /// <param name="group">Items of a group, for the register allocation of CUDA.</param>
    /// <param name="dynamicBytes">Shared memory that its launches ask for; CUDA wants to know of more than 48 KB beforehand.</param>
    public LazyKernel<TLauncher> LoadGroups<TLauncher>(Delegate kernel, int group, int dynamicBytes = 0) where TLauncher : Delegate
        => new(() => Compile<TLauncher>(kernel, EntryPointDescription.FromExplicitlyGroupedKernel(kernel.Method), new KernelSpecialization(group, null), text =>
        {
            Kernel loaded = accelerator.LoadKernel(text);
            if (dynamicBytes > 0 && loaded is CudaKernel cuda) DriverApi.AllowShared(cuda, dynamicBytes);
            return loaded;
        }));

    /// <param name="group">Items of a group; null: as the driver likes them.</param>
    private LazyKernel<TLauncher> Items<TLauncher>(Delegate kernel, int? group = null) where TLauncher : Delegate
        => new(() => Compile<TLauncher>(kernel, EntryPointDescription.FromImplicitlyGroupedKernel(kernel.Method), KernelSpecialization.Empty,
            text => group is { } items ? accelerator.LoadImplicitlyGroupedKernel(text, Math.Min(items, accelerator.MaxNumThreadsPerGroup)) : accelerator.LoadAutoGroupedKernel(text)));

    /// <summary>Compiles, the driver's part with it; what goes wrong is one line with kernel, back end and the driver's own words.</summary>
    /// <exception cref="DeviceFailedException">The kernel does not compile.</exception>
    private TLauncher Compile<TLauncher>(Delegate kernel, EntryPointDescription entry, KernelSpecialization specialization, Func<CompiledKernel, Kernel> load) where TLauncher : Delegate
    {
        using var log = new BuildLog();
        Interlocked.Increment(ref compiled);
        try
        {
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
            string reason = $"{IlgpuAccelerators.Reason(inner)} {log.Text}".Trim();
            throw new DeviceFailedException($"{accelerator.AcceleratorType} ({accelerator.Name.Trim()}): the kernel {kernel.Method.DeclaringType!.Name}.{kernel.Method.Name} "
                + $"does not compile: {reason}; update the driver, or take --device cpu", e);
        }
    }
}
