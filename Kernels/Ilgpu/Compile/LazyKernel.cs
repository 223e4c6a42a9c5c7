using System.Reflection;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Ilgpu.Compile;

/// <summary>A kernel of a device: compiled when it is first wanted, by one thread, and held from then on as long as the device.</summary>
/// <remarks>ILGPU itself holds kernels weakly. One that does not compile says so each time, always in the same words.</remarks>
internal abstract class LazyKernel(MethodInfo method, (int Items, int DynamicBytes) group)
{
    /// <summary>The kernel, with its type arguments.</summary>
    public MethodInfo Method { get; } = method;

    /// <summary>A launch of so many groups, of the size and with the shared memory that the kernel's mark says.</summary>
    public KernelConfig Config(Index3D groups) => new(groups, new Index3D(group.Items, 1, 1),
        group.DynamicBytes == 0 ? default : SharedMemoryConfig.RequestDynamic<byte>(group.DynamicBytes));

    /// <summary>Compiles it, if that has not been done yet.</summary>
    /// <exception cref="DeviceFailedException">It does not compile.</exception>
    public abstract void Load();
}

/// <typeparam name="TLauncher">Action of AcceleratorStream, extent and the kernel's own parameters.</typeparam>
internal sealed class LazyKernel<TLauncher>(MethodInfo method, (int Items, int DynamicBytes) group, Func<TLauncher> load)
    : LazyKernel(method, group) where TLauncher : Delegate
{
    private readonly Lazy<TLauncher> launcher = new(load);

    /// <exception cref="DeviceFailedException">The kernel does not compile.</exception>
    public TLauncher Launcher => launcher.Value;

    public override void Load() => _ = Launcher;
}
