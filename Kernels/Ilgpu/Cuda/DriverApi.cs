using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;

namespace EdgeVideoLlava.Kernels.Ilgpu.Cuda;

/// <summary>The calls of NVIDIA's driver that ILGPU does not bind: graphs, events, shared memory above 48 KB,
/// attributes (CUDA driver API, in the sections of these names).</summary>
/// <remarks>Not run on a GPU yet. Handles are ILGPU's own. Calls return 0 or a CUresult, <see cref="NotSupported"/>
/// too where the driver is older than the function.</remarks>
internal static partial class DriverApi
{
    private const string Library = "cuda";

    /// <summary>Only calls of the capturing thread are checked; other threads may allocate meanwhile.</summary>
    private const int CaptureThreadLocal = 1;

    private const int DisableTiming = 2, MaxDynamicSharedBytes = 8;

    /// <summary>CUDA_ERROR_NOT_SUPPORTED.</summary>
    public const int NotSupported = 801;

    static DriverApi() => NativeLibrary.SetDllImportResolver(typeof(DriverApi).Assembly, Resolve);

    // ---- graphs ----------------------------------------------------------------------------------------------------------------
    public static int BeginCapture(nint stream) => Call(() => BeginCapture(stream, CaptureThreadLocal));

    /// <summary>The graph; null if what was given cannot be one.</summary>
    public static nint? EndCapture(nint stream)
    {
        nint graph = 0;
        return Call(() => EndCapture(stream, out graph)) == 0 && graph != 0 ? graph : null;
    }

    /// <summary>The executable; null if the driver makes none.</summary>
    public static nint? InstantiateGraph(nint graph)
    {
        nint executable = 0;
        return Call(() => InstantiateGraph(out executable, graph, 0)) == 0 ? executable : null;
    }

    // ---- events ----------------------------------------------------------------------------------------------------------------
    /// <summary>An event that keeps no time; null if the driver makes none.</summary>
    public static nint? CreateEvent()
    {
        nint made = 0;
        return Call(() => CreateEvent(out made, DisableTiming)) == 0 ? made : null;
    }

    /// <summary>What is given to one stream from now on begins after all that was given to another.</summary>
    /// <param name="marker">An event, which is free to be used again at once: the wait is for its state at this moment.</param>
    public static int WaitFor(nint stream, nint other, nint marker) => Call(() =>
    {
        int recorded = RecordEvent(marker, other);
        return recorded != 0 ? recorded : WaitForEvent(stream, marker, 0);
    });

    // ---- shared memory and attributes ------------------------------------------------------------------------------------------
    /// <summary>Lets launches of a kernel ask for so many bytes of shared memory.</summary>
    /// <exception cref="CudaException">The device does not have as much.</exception>
    public static void AllowShared(CudaKernel kernel, int bytes)
    {
        int result = Call(() => SetFunctionAttribute(kernel.FunctionPtr, MaxDynamicSharedBytes, bytes));
        if (result != 0) throw new CudaException((CudaError)result);
    }

    /// <summary>A device's CUdevice_attribute; null if this driver does not know it.</summary>
    public static int? Attribute(int device, int attribute)
    {
        int value = 0;
        return Call(() => GetAttribute(out value, attribute, device)) == 0 ? value : null;
    }

    // ---- the driver ------------------------------------------------------------------------------------------------------------
    [LibraryImport(Library, EntryPoint = "cuStreamBeginCapture_v2")]
    private static partial int BeginCapture(nint stream, int mode);

    [LibraryImport(Library, EntryPoint = "cuStreamEndCapture")]
    private static partial int EndCapture(nint stream, out nint graph);

    [LibraryImport(Library, EntryPoint = "cuGraphInstantiateWithFlags")]
    private static partial int InstantiateGraph(out nint executable, nint graph, ulong flags);

    [LibraryImport(Library, EntryPoint = "cuGraphLaunch")]
    public static partial int LaunchGraph(nint executable, nint stream);

    [LibraryImport(Library, EntryPoint = "cuGraphExecDestroy")]
    public static partial int DestroyExecutable(nint executable);

    [LibraryImport(Library, EntryPoint = "cuGraphDestroy")]
    public static partial int DestroyGraph(nint graph);

    [LibraryImport(Library, EntryPoint = "cuEventCreate")]
    private static partial int CreateEvent(out nint made, uint flags);

    [LibraryImport(Library, EntryPoint = "cuEventRecord")]
    private static partial int RecordEvent(nint marker, nint stream);

    [LibraryImport(Library, EntryPoint = "cuStreamWaitEvent")]
    private static partial int WaitForEvent(nint stream, nint marker, uint flags);

    [LibraryImport(Library, EntryPoint = "cuEventDestroy_v2")]
    public static partial int DestroyEvent(nint marker);

    [LibraryImport(Library, EntryPoint = "cuFuncSetAttribute")]
    private static partial int SetFunctionAttribute(nint function, int attribute, int value);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetAttribute")]
    private static partial int GetAttribute(out int value, int attribute, int device);

    /// <summary>A driver that lacks a function says so as one that refuses it.</summary>
    internal static int Call(Func<int> function)
    {
        try
        {
            return function();
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            return NotSupported;
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
        => name == Library && NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda" : "libcuda.so.1", out nint handle) ? handle : 0;
}
