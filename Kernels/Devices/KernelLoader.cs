using System.Reflection;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace EdgeVideoLlava.Kernels;

/// <summary>Compiles kernels for an accelerator. One whose items work alone takes an index, one whose items work in groups a <see cref="KernelConfig"/>.</summary>
/// <remarks>
/// On OpenCL ILGPU writes Group.Barrier with a fence for global memory only, so that by the specification shared memory is not ordered across
/// it: here the text gets the local fence too, or the kernel is refused.
/// </remarks>
internal sealed class KernelLoader(Accelerator accelerator, KernelTier tier)
{
    private const string Emitted = "work_group_barrier ( CLK_GLOBAL_MEM_FENCE )";
    private const string Wanted = "barrier ( CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE )";

    public KernelTier Tier { get; } = tier;

    /// <summary>Whether products on tensor cores take <see cref="DeepTile128"/> where they took <see cref="Tile128"/>.</summary>
    public bool DeepTiles { get; init; }

    /// <summary>Whether kernels may compute in double: some OpenCL devices do not.</summary>
    public bool HasDoubles => accelerator is not CLAccelerator cl || cl.Capabilities.Float64;

    /// <summary>Does the driver's compiling; what goes wrong is one line with kernel, back end and the driver's own words.</summary>
    /// <exception cref="DeviceFailedException">The kernel does not compile.</exception>
    private TLauncher Compile<TLauncher>(Delegate kernel, Func<TLauncher> load)
    {
        using var log = new BuildLog();
        try
        {
            return load();
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

    public void Load<T1, T2>(out Action<AcceleratorStream, Index1D, T1, T2> launcher, Action<Index1D, T1, T2> kernel)
        where T1 : struct where T2 : struct
        => launcher = Compile(kernel, () => accelerator.LoadAutoGroupedKernel(kernel));

    public void Load<T1, T2, T3>(out Action<AcceleratorStream, Index1D, T1, T2, T3> launcher, Action<Index1D, T1, T2, T3> kernel)
        where T1 : struct where T2 : struct where T3 : struct
        => launcher = Compile(kernel, () => accelerator.LoadAutoGroupedKernel(kernel));

    public void Load<T1, T2, T3, T4>(out Action<AcceleratorStream, Index1D, T1, T2, T3, T4> launcher, Action<Index1D, T1, T2, T3, T4> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct
        => launcher = Compile(kernel, () => accelerator.LoadAutoGroupedKernel(kernel));

    public void Load<T1, T2, T3, T4, T5>(out Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5> launcher, Action<Index1D, T1, T2, T3, T4, T5> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        => launcher = Compile(kernel, () => accelerator.LoadAutoGroupedKernel(kernel));

    public void Load<T1, T2, T3, T4, T5, T6>(out Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5, T6> launcher, Action<Index1D, T1, T2, T3, T4, T5, T6> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct
        => launcher = Compile(kernel, () => accelerator.LoadAutoGroupedKernel(kernel));

    public void Load<T1, T2, T3, T4, T5, T6, T7>(out Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5, T6, T7> launcher, Action<Index1D, T1, T2, T3, T4, T5, T6, T7> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct where T7 : struct
        => launcher = Compile(kernel, () => accelerator.LoadAutoGroupedKernel(kernel));

    public void Load<T1, T2, T3, T4, T5, T6, T7, T8>(out Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5, T6, T7, T8> launcher, Action<Index1D, T1, T2, T3, T4, T5, T6, T7, T8> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct where T7 : struct where T8 : struct
        => launcher = Compile(kernel, () => accelerator.LoadAutoGroupedKernel(kernel));

    /// <param name="group">Items of a group.</param>
    public Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5, T6> Load<T1, T2, T3, T4, T5, T6>(Action<Index1D, T1, T2, T3, T4, T5, T6> kernel, int group)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct
        => Compile(kernel, () => accelerator.LoadImplicitlyGroupedKernel(kernel, Math.Min(group, accelerator.MaxNumThreadsPerGroup)));

    public void LoadGroups<T1, T2, T3>(out Action<AcceleratorStream, KernelConfig, T1, T2, T3> launcher, Action<T1, T2, T3> kernel, int group)
        where T1 : struct where T2 : struct where T3 : struct
        => launcher = LoadGroups<Action<AcceleratorStream, KernelConfig, T1, T2, T3>>(kernel, group);

    public void LoadGroups<T1, T2, T3, T4>(out Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4> launcher, Action<T1, T2, T3, T4> kernel, int group)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct
        => launcher = LoadGroups<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4>>(kernel, group);

    public void LoadGroups<T1, T2, T3, T4, T5>(out Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5> launcher, Action<T1, T2, T3, T4, T5> kernel, int group)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        => launcher = LoadGroups<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5>>(kernel, group);

    public void LoadGroups<T1, T2, T3, T4, T5, T6>(out Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6> launcher, Action<T1, T2, T3, T4, T5, T6> kernel, int group)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct
        => launcher = LoadGroups<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6>>(kernel, group);

    public void LoadGroups<T1, T2, T3, T4, T5, T6, T7>(out Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7> launcher, Action<T1, T2, T3, T4, T5, T6, T7> kernel, int group)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct where T7 : struct
        => launcher = LoadGroups<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7>>(kernel, group);

    public void LoadGroups<T1, T2, T3, T4, T5, T6, T7, T8>(out Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8> launcher, Action<T1, T2, T3, T4, T5, T6, T7, T8> kernel, int group)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct where T7 : struct where T8 : struct
        => launcher = LoadGroups<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8>>(kernel, group);

    /// <typeparam name="TLauncher">Action of AcceleratorStream, KernelConfig and the kernel's own parameters.</typeparam>
    /// <param name="kernel">A static method.</param>
    /// <param name="group">Items of a group, for the register allocation of CUDA.</param>
    /// <param name="dynamicBytes">Shared memory that its launches ask for; CUDA wants to know of more than 48 KB beforehand.</param>
    public TLauncher LoadGroups<TLauncher>(Delegate kernel, int group, int dynamicBytes = 0) where TLauncher : Delegate => Compile(kernel, () =>
    {
        CompiledKernel compiled = accelerator.GetBackend().Compile(
            EntryPointDescription.FromExplicitlyGroupedKernel(kernel.Method), new KernelSpecialization(group, null));
        if (compiled is CLCompiledKernel text) compiled = WithLocalFence(text, accelerator.Context);
        Kernel loaded = accelerator.LoadKernel(compiled);
        if (dynamicBytes > 0 && loaded is CudaKernel cuda) DriverApi.AllowShared(cuda, dynamicBytes);
        return loaded.CreateLauncherDelegate<TLauncher>();
    });

    /// <summary>OpenCL text whose barriers order shared memory as well.</summary>
    /// <exception cref="NotSupportedException">There is a barrier in words that we do not know.</exception>
    internal static string WithLocalFence(string source)
    {
        string fenced = source.Replace(Emitted, Wanted, StringComparison.Ordinal);
        return !fenced.Contains("work_group_barrier", StringComparison.Ordinal) ? fenced
            : throw new NotSupportedException("ILGPU writes barriers in words that the local fence cannot be added to");
    }

    private static CLCompiledKernel WithLocalFence(CLCompiledKernel kernel, Context context)
    {
        string fenced = WithLocalFence(kernel.Source);
        if (ReferenceEquals(fenced, kernel.Source)) return kernel;
        PropertyInfo entry = typeof(CompiledKernel).GetProperty("EntryPoint", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)!;
        return new CLCompiledKernel(context, (SeparateViewEntryPoint)entry.GetValue(kernel)!, kernel.Info, fenced, kernel.CVersion);
    }
}
