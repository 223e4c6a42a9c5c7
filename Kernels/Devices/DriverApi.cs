using System.Reflection;
using System.Runtime.InteropServices;

namespace EdgeVideoLlava.Kernels;

/// <summary>The calls of NVIDIA's driver that ILGPU does not bind: CUDA graphs (CUDA driver API, section Graph Management).</summary>
/// <remarks>Not run on a GPU yet. Handles are ILGPU's own; every call returns 0 or a CUresult.</remarks>
internal static partial class DriverApi
{
    private const string Library = "cuda";

    /// <summary>Only calls of the capturing thread are checked; other threads may allocate meanwhile.</summary>
    public const int CaptureThreadLocal = 1;

    static DriverApi() => NativeLibrary.SetDllImportResolver(typeof(DriverApi).Assembly, Resolve);

    [LibraryImport(Library, EntryPoint = "cuStreamBeginCapture_v2")]
    public static partial int BeginCapture(nint stream, int mode);

    [LibraryImport(Library, EntryPoint = "cuStreamEndCapture")]
    public static partial int EndCapture(nint stream, out nint graph);

    [LibraryImport(Library, EntryPoint = "cuGraphInstantiateWithFlags")]
    public static partial int InstantiateGraph(out nint executable, nint graph, ulong flags);

    [LibraryImport(Library, EntryPoint = "cuGraphLaunch")]
    public static partial int LaunchGraph(nint executable, nint stream);

    [LibraryImport(Library, EntryPoint = "cuGraphExecDestroy")]
    public static partial int DestroyExecutable(nint executable);

    [LibraryImport(Library, EntryPoint = "cuGraphDestroy")]
    public static partial int DestroyGraph(nint graph);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
        => name == Library && NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda" : "libcuda.so.1", out nint handle) ? handle : 0;
}
