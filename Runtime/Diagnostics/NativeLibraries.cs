using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels;

namespace EdgeVideoLlava.Runtime.Diagnostics;

/// <summary>Which native libraries are there, and how to get those that are not.</summary>
internal static class NativeLibraries
{
    private const string Install = "apt-get install -y --no-install-recommends ";

    public static IReadOnlyList<LibraryStatus> Probe(IReadOnlyList<DeviceDescription> devices) =>
    [
        OpenCv(),
        Ffmpeg(),
        Driver("OpenCL", "libOpenCL.so.1", "opencl", devices, "the GPU maker's OpenCL driver, or on the processor: " + Install + "pocl-opencl-icd ocl-icd-libopencl1"),
        Driver("CUDA", "libcuda.so.1", "cuda", devices, "NVIDIA's driver (in a container: its container toolkit, and --gpus all)"),
    ];

    private static LibraryStatus OpenCv()
    {
        const string Name = "OpenCV", Purpose = "clips and cameras";
        // The wrapper's library beside the program; that it loads proves its own dependencies too.
        string file = Path.Combine(AppContext.BaseDirectory, "libOpenCvSharpExtern.so");
        try
        {
            NativeLibrary.Free(NativeLibrary.Load(file));
            return new LibraryStatus(Name, Purpose, true, Path.GetFileName(file), null);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            return new LibraryStatus(Name, Purpose, false, Reason(e.Message), Install + "libgtk-3-0 libdrm2 libatomic1");
        }
    }

    private static LibraryStatus Ffmpeg()
    {
        string? path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Where(folder => folder.Length > 0)
            .Select(folder => Path.Combine(folder, "ffmpeg"))
            .FirstOrDefault(File.Exists);
        return new LibraryStatus("ffmpeg", "clips where OpenCV does not load", path != null, path ?? "not on the path", path != null ? null : Install + "ffmpeg");
    }

    private static LibraryStatus Driver(string name, string library, string prefix, IReadOnlyList<DeviceDescription> devices, string remedy)
    {
        int count = devices.Count(device => device.Id.StartsWith(prefix + ":", StringComparison.Ordinal));
        string detail = count switch
        {
            0 when !NativeLibrary.TryLoad(library, out _) => $"{library} is not installed",
            0 => $"{library} is there, but no device",
            1 => "1 device",
            _ => $"{count} devices",
        };
        return new LibraryStatus(name, $"--device {prefix}", count > 0, detail, count > 0 ? null : remedy);
    }

    /// <summary>The loader's own words are the line of its message that names a shared object which could not be opened.</summary>
    private static string Reason(string message)
    {
        string? line = message.Split('\n').FirstOrDefault(line => line.Contains("cannot open shared object file"));
        return (line ?? message.Split('\n')[0]).Trim();
    }
}
