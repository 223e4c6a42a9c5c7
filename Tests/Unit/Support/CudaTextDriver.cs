using System.Collections.Concurrent;
using System.Reflection;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Discovery;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Ptx.Analysis;
using EdgeVideoLlava.Tests.Ptx.Execution;
using EdgeVideoLlava.Tests.Ptx.Text;
using ILGPU.Backends.PTX;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>Stands in for CUDA's driver: ILGPU's CPU accelerator holds the memory, and what the product launches is the
/// kernel's PTX text, run by <see cref="PtxMachine"/>.</summary>
/// <param name="order">Of the lanes.</param>
/// <param name="contracts">Products and sums become one rounding, as ptxas may make them.</param>
internal sealed class CudaTextDriver(LaneOrder order, bool contracts)
{
    private const int Architecture = 80;

    private static readonly ConcurrentDictionary<MethodInfo, Lazy<PTXCompiledKernel>> Texts = [];
    private static readonly ConcurrentBag<PtxModule> All = [];

    private readonly ConcurrentDictionary<string, PtxModule> modules = [];

    /// <summary>Every text that any driver has loaded, with the instructions that have run.</summary>
    public static IEnumerable<PtxModule> Loaded => All;

    /// <summary>Instructions after which a lane is taken not to end.</summary>
    public long Longest { get; init; } = PtxMachine.Longest;

    /// <summary>The texts that this one has loaded.</summary>
    public IEnumerable<PtxModule> Modules => modules.Values;

    /// <summary>A device behind a driver of its own. In ascending order products and sums are contracted, in descending order
    /// not.</summary>
    public static IlgpuDevice Open(StorageType compute, KernelTier tier, LaneOrder order, bool deepTiles = false)
        => new CudaTextDriver(order, contracts: order == LaneOrder.Ascending).Open(
            new DeviceOptions(Compute: compute, Tier: tier, DeepTiles: deepTiles));

    public IlgpuDevice Open(DeviceOptions options)
    {
        var device = (IlgpuDevice)ComputeDevices.Open("ilgpu-cpu", options);
        device.Kernels.StandIn = Load;
        return device;
    }

    private Delegate Load(MethodInfo kernel, Type launcher)
    {
        PTXCompiledKernel text = Texts.GetOrAdd(kernel, _
            => new Lazy<PTXCompiledKernel>(() => CudaText.Kernel(kernel, Architecture))).Value;
        var module = PtxModule.Parse(text.PTXAssembly, KernelName.Of(kernel));
        if (contracts) Contraction.Apply(module);
        All.Add(module);
        modules[module.Name] = module;
        return new CudaTextKernel(module, kernel, order, Longest).Launcher(KernelText.EntryPoint(text), launcher);
    }
}
