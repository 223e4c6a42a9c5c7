using System.Text.RegularExpressions;
using EdgeVideoLlava.Runtime.Video.Frames;
using OpenCvSharp;

namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>OpenCV's native library as its package ships it: whether it loads here, and whether we know the FFmpeg inside.</summary>
internal static partial class OpenCvLibrary
{
    private static readonly Lazy<string?> Missing = new(Load);

    public static bool IsAvailable => Missing.Value == null;

    /// <summary>Why not, in one line; null when it is available.</summary>
    public static string? Reason => Missing.Value;

    /// <summary>OpenCV's version, e.g. "4.13.0"; null when it cannot be loaded.</summary>
    public static string? Version => IsAvailable ? Cv2.GetVersionString() : null;

    /// <summary>The library that the loader's message (a list of all places tried) comes down to.</summary>
    internal static string MissingLibrary(string message)
    {
        IEnumerable<string> names = SharedObject().Matches(message).Select(match => match.Groups[1].Value);
        string? dependency = names.FirstOrDefault(name => !name.Contains("OpenCvSharpExtern", StringComparison.Ordinal));
        return $"{dependency ?? "libOpenCvSharpExtern.so"} is missing or does not load";
    }

    private static string? Load()
    {
        try
        {
            Cv2.SetLogLevel(LogLevel.SILENT);
            LibavApi.SetLogLevel(LibavApi.Quiet);
            return LibavApi.HasKnownLayout() ? null : "the FFmpeg inside is not version 7.1";
        }
        catch (EntryPointNotFoundException)
        {
            return "it has no FFmpeg inside";
        }
        catch (Exception e) when (e is TypeInitializationException or DllNotFoundException or BadImageFormatException)
        {
            Exception cause = e;
            while (cause.InnerException != null) cause = cause.InnerException;
            return MissingLibrary(cause.Message);
        }
    }

    [GeneratedRegex(@"([\w+.-]+\.so[.\d]*): cannot open shared object")]
    private static partial Regex SharedObject();
}

/// <summary>A camera of Video4Linux through OpenCV's library. Not for several threads at once.</summary>
internal sealed class OpenCvCamera : IDisposable
{
    private readonly VideoCapture capture;
    private readonly Mat image = new();

    /// <param name="device">/dev/videoN.</param>
    public OpenCvCamera(string device) => capture = new VideoCapture(device, VideoCaptureAPIs.V4L2);

    /// <summary>It can be read; also true of some that another program uses, which then give no picture.</summary>
    public bool IsOpen => capture.IsOpened();

    /// <summary>Asks for a size, of which the camera takes the nearest that it has.</summary>
    public void Ask(int width, int height)
    {
        capture.Set(VideoCaptureProperties.FrameWidth, width);
        capture.Set(VideoCaptureProperties.FrameHeight, height);
    }

    /// <summary>Waits for the next picture; null: there is none any more.</summary>
    public Frame? Next()
        => capture.Read(image) && !image.Empty()
            ? Frame.FromPixels(image.AsSpan<byte>(), image.Width, image.Height, PixelFormat.Bgr, (int)image.Step()) : null;

    public void Dispose()
    {
        image.Dispose();
        capture.Dispose();
    }
}
