using System.Reflection;
using System.Reflection.Emit;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Tests.Ptx.Execution;
using EdgeVideoLlava.Tests.Ptx.Text;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.IL;
using ILGPU.Backends.PTX;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>A kernel's CUDA text as the driver has it once it is loaded.</summary>
internal sealed unsafe class CudaTextKernel(PtxModule module, MethodInfo kernel, LaneOrder order, long longest)
{
    // Where the driver would choose.
    private const int AutoGroup = 256;

    // ILGPU's types of argument blocks are its own.
    private static readonly Context Context = Context.Create(CompilerOptions.Apply);

    private static long launches, instructions;

    private ArgumentViews? views;

    /// <summary>Of all kernels, and the instructions that all their lanes have run.</summary>
    public static (long Launches, long Instructions) Total => (Interlocked.Read(ref launches), Interlocked.Read(ref instructions));

    /// <summary>What the product's queue calls: the arguments go through ILGPU's own mapper for CUDA, so that the block
    /// is the one that the driver would get.</summary>
    public Delegate Launcher(EntryPoint entry, Type launcher)
    {
        Type[] types = [.. launcher.GetMethod("Invoke")!.GetParameters().Select(parameter => parameter.ParameterType)];
        var method = new DynamicMethod(module.Name, typeof(void), [typeof(CudaTextKernel), .. types], typeof(CudaTextKernel).Module,
            skipVisibility: true);
        var emitter = new ILEmitter(method.GetILGenerator());
        (ILLocal block, int bytes) = new PTXArgumentMapper(Context).Map(emitter, entry);
        views = new ArgumentViews(block.VariableType);
        emitter.Emit(ArgumentOperation.Load, 0);
        emitter.Emit(LocalOperation.LoadAddress, block);
        emitter.Emit(OpCodes.Conv_U);
        emitter.EmitConstant(bytes);
        emitter.Emit(ArgumentOperation.Load, 2);
        emitter.Emit(OpCodes.Box, types[1]);
        emitter.EmitCall(typeof(CudaTextKernel).GetMethod(nameof(Launch))!);
        emitter.Emit(OpCodes.Ret);
        emitter.Finish();
        return method.CreateDelegate(launcher, this);
    }

    /// <param name="block">Address of the block of arguments.</param>
    /// <param name="extent">Index1D of the items, or KernelConfig of the groups.</param>
    public void Launch(nuint block, int bytes, object extent)
    {
        var arguments = new ReadOnlySpan<byte>((void*)block, bytes);
        var machine = new PtxMachine(module, order, longest);
        machine.Run(arguments, Shape(extent), new GlobalMemory(views!.Of(arguments)));
        Interlocked.Increment(ref launches);
        Interlocked.Add(ref instructions, machine.Executed);
    }

    private LaunchShape Shape(object extent)
    {
        if (extent is KernelConfig config)
        {
            int shared = config.UsesDynamicSharedMemory ? config.SharedMemoryConfig.NumElements * config.SharedMemoryConfig.ElementSize : 0;
            return new LaunchShape(config.GridDim.X, config.GridDim.Y, config.GridDim.Z, config.GroupDim.Size, shared);
        }
        int items = KernelAttribute.Of(kernel).Group is > 0 and var group ? group : AutoGroup;
        return new LaunchShape((((Index1D)extent).X + items - 1) / items, 1, 1, items);
    }
}
