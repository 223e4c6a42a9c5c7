using System.Collections.Concurrent;
using System.Reflection;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
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

    /// <summary>Every text that any driver has loaded, with the instructions that have run.</summary>
    public static IEnumerable<PtxModule> Loaded => All;

    /// <summary>For faults planted on purpose: changes a kernel's code when it is loaded.</summary>
    public Action<PtxModule>? Edit { get; init; }

    public void StandIn(IlgpuDevice device) => device.Kernels.StandIn = Load;

    private Delegate Load(MethodInfo kernel, Type launcher)
    {
        PTXCompiledKernel text = Texts.GetOrAdd(kernel, _ => new Lazy<PTXCompiledKernel>(() => CudaText.Kernel(kernel, Architecture))).Value;
        var module = PtxModule.Parse(text.PTXAssembly, KernelName.Of(kernel));
        if (contracts) Contraction.Apply(module);
        Edit?.Invoke(module);
        if (Edit == null) All.Add(module);
        return new CudaTextKernel(module, kernel, order).Launcher(KernelText.EntryPoint(text), launcher);
    }
}
