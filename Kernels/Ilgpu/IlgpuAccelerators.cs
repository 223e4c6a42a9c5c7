using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>Opens accelerators: one ILGPU context for each (<see cref="CompilerOptions"/>).</summary>
internal static class IlgpuAccelerators
{
    /// <summary>ILGPU's CPU accelerator: for tests of single kernels, a thread for each lane, thousands of times
    /// slower than the CPU device.</summary>
    /// <remarks>Warps of 32 as on CUDA, groups of up to 256.</remarks>
    public static IlgpuDevice OpenCpu(DeviceOptions options)
    {
        Context context = Create(options, builder => builder.CPU(
            new CPUDevice(numThreadsPerWarp: 32, numWarpsPerMultiprocessor: 8, numMultiprocessors: 1)).Assertions());
        return Open("ilgpu-cpu", context, options, KernelTier.Processor, () => context.GetCPUDevice(0).CreateCPUAccelerator(context));
    }

    /// <param name="index">Null takes the first GPU, else the first device.</param>
    public static IlgpuDevice OpenOpenCl(int? index, DeviceOptions options)
    {
        Context context = Create(options, builder => builder.OpenCL(Accept));
        var devices = new List<CLDevice>();
        foreach (CLDevice device in context.GetCLDevices()) devices.Add(device);
        int chosen = index ?? Math.Max(0, devices.FindIndex(device => device.DeviceType.HasFlag(CLDeviceType.CL_DEVICE_TYPE_GPU)));
        Check("opencl", "OpenCL", chosen, devices.Count, MissingLibrary.OpenCl, context);
        CheckTier($"opencl:{chosen}", options, context);
        KernelTier tier = devices[chosen].DeviceType.HasFlag(CLDeviceType.CL_DEVICE_TYPE_CPU) ? KernelTier.Processor : KernelTier.Portable;
        return Open($"opencl:{chosen}", context, options, tier, () => devices[chosen].CreateCLAccelerator(context));
    }

    public static IlgpuDevice OpenCuda(int? index, DeviceOptions options)
    {
        Context context = Create(options, builder => builder.Cuda());
        int chosen = index ?? 0;
        Check("cuda", "CUDA", chosen, context.GetCudaDevices().Count, MissingLibrary.Cuda, context);
        CudaDevice device = context.GetCudaDevice(chosen);
        // Tensor cores multiply binary16: where float32 is asked for there is nothing for them to do.
        bool tensorCores = device.Architecture >= CudaArchitecture.SM_80, useful = options.Compute != StorageType.F32;
        if (!tensorCores) CheckTier($"cuda:{chosen}", options, context);
        return Open($"cuda:{chosen}", context, options, tensorCores && useful ? KernelTier.TensorCore : KernelTier.Portable, ()
            => device.CreateCudaAccelerator(context));
    }

    private static Context Create(DeviceOptions options, Action<Context.Builder> devices) => IlgpuContext.Create(builder =>
    {
        devices(builder);
        if (options.TimesLaunches) builder.Profiling();
        CompilerOptions.Apply(builder);
    });

    /// <summary>Any device will do: ILGPU refuses those without a generic address space, which text compiled at O2 never uses.</summary>
    private static bool Accept(CLDevice device)
    {
        typeof(CLCapabilityContext).GetProperty(nameof(CLCapabilityContext.GenericAddressSpace))!.SetValue(device.Capabilities, true);
        return true;
    }

    private static void Check(string name, string kind, int index, int count, MissingLibrary missing, Context context)
    {
        if (index < count) return;
        context.Dispose();
        if (count == 0)
            throw new DeviceUnavailableException($"{name}: this machine has no {kind} device; it needs {missing}") { Remedies = [missing] };
        Setting first = Setting.Device($"{name}:0");
        string devices = $"{count} {kind} device{(count == 1 ? "" : "s")}, numbered from 0";
        throw new DeviceUnavailableException($"{name}:{index}: this machine has {devices}; take {first}") { Remedies = [first] };
    }

    private static void CheckTier(string id, DeviceOptions options, Context context)
    {
        if (options.Tier != KernelTier.TensorCore) return;
        context.Dispose();
        throw new DeviceUnavailableException(
            $"{id}: the kernels of tensor cores need CUDA and an NVIDIA GPU of compute capability 8.0 or later; take the portable ones");
    }

    /// <param name="tier">What the hardware is made for.</param>
    private static IlgpuDevice Open(string id, Context context, DeviceOptions options, KernelTier tier, Func<Accelerator> create)
    {
        Accelerator? accelerator = null;
        try
        {
            accelerator = create();
            StorageType activations = options.Compute ?? (tier == KernelTier.Processor ? StorageType.F32 : StorageType.F16);
            return new IlgpuDevice(id, context, accelerator, activations, options.Tier ?? tier, options.DeepTiles);
        }
        catch (Exception e) when (e is AcceleratorException or NotSupportedException)
        {
            accelerator?.Dispose();
            context.Dispose();
            throw new DeviceUnavailableException($"{id}: its driver does not run our kernels: {BuildLog.Reason(e)}", e);
        }
    }
}
