using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime.Video;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>Which native libraries are there, and how to get those that are not.</summary>
internal static class NativeLibraries
{
    internal const string Install = "apt-get install -y --no-install-recommends ";

    // Packages of Debian and Ubuntu: OpenCL on the processor, what OpenCV's library wants, and what takes its place.
    internal const string OpenClPackages = "pocl-opencl-icd ocl-icd-libopencl1";
    internal const string OpenCvPackages = "libgtk-3-0 libdrm2 libatomic1";
    internal const string FfmpegPackage = "ffmpeg";

    public static IReadOnlyList<LibraryStatus> Probe(IReadOnlyList<DeviceDescription> devices) =>
    [
        OpenCv(),
        Ffmpeg(),
        Driver("OpenCL", "libOpenCL.so.1", "opencl", devices,
            "the GPU maker's OpenCL driver, or on the processor: " + Install + OpenClPackages),
        Driver("CUDA", "libcuda.so.1", "cuda", devices, "NVIDIA's driver (in a container: its container toolkit, and --gpus all)"),
    ];

    private static LibraryStatus OpenCv()
    {
        const string Name = "OpenCV", Purpose = "clips and cameras";
        return ClipBackend.OpenCvVersion is { } version
            ? new LibraryStatus(Name, Purpose, true, version, null)
            : new LibraryStatus(Name, Purpose, false, ClipBackend.OpenCvMissing
            ?? "does not load", OpenCvRemedy(ClipBackend.OpenCvMissing));
    }

    /// <summary>What OpenCV itself needs can be installed; a program built without it goes by ffmpeg.</summary>
    internal static string OpenCvRemedy(string? missing)
        => missing?.StartsWith("libOpenCvSharpExtern", StringComparison.Ordinal) == true
        ? "it is not in this build; in its place, " + Install + FfmpegPackage : Install + OpenCvPackages;

    private static LibraryStatus Ffmpeg()
    {
        string? version = ClipBackend.FfmpegVersion;
        return new LibraryStatus("ffmpeg", "AV1 clips, which OpenCV does not decode", version != null, version
            ?? "not on the path", version != null ? null : Install + FfmpegPackage);
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
}
