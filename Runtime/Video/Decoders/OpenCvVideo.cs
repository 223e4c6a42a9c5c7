using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using EdgeVideoLlava.Runtime.Video.Frames;
using OpenCvSharp;

namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>The adapter to OpenCV's FFmpeg back end through OpenCvSharp: the only file that names it.</summary>
/// <remarks>
/// Frames are listed by reading packets without decoding, and recognised by their time stamps: a seek counts only when the frame with the
/// wanted time arrives, else decoding starts again at the beginning.
/// </remarks>
internal sealed unsafe partial class OpenCvVideo : IClipSource
{
    private const VideoCaptureProperties Threads = (VideoCaptureProperties)70, HasKeyFrame = (VideoCaptureProperties)67;
    private const long FewThreadsAbove = 4_000_000; // pixels
    private static readonly double[] BackOffSeconds = [0, 1, 4, 16];
    private static readonly Lazy<string?> Missing = new(Load);

    private readonly string path;
    private readonly ClipOptions options;
    private readonly Mat image = new();
    private readonly int threads;
    private VideoCapture capture;
    private int at = -1; // the frame grabbed last

    public int Width { get; }
    public int Height { get; }
    public FrameIndex Index { get; }

    /// <summary>Whether OpenCV's native library can be loaded here.</summary>
    public static bool IsAvailable => Missing.Value == null;

    /// <summary>Why not, in one line; null when it can.</summary>
    public static string? Reason => Missing.Value;

    /// <summary>OpenCV's version, e.g. "4.13.0"; null when it cannot be loaded.</summary>
    public static string? Version => IsAvailable ? Cv2.GetVersionString() : null;

    public OpenCvVideo(string path, ClipOptions options, CancellationToken cancellation)
    {
        this.path = Path.GetFullPath(path);
        this.options = options;
        Index = ListPackets(cancellation, out threads);
        capture = Open();
        try
        {
            (Width, Height) = (capture.FrameWidth, capture.FrameHeight);
            if (!LastFrameDecodes(cancellation)) Index = CountByDecoding(cancellation);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IEnumerable<Frame> Read(IReadOnlyList<int> indices, CancellationToken cancellation)
    {
        foreach (int index in indices)
        {
            MoveTo(index, cancellation);
            if (at > index) options.Notice?.Invoke($"{path}: frame {index} does not decode; frame {at} is used");
            yield return Retrieve();
        }
    }

    public void Dispose()
    {
        capture.Dispose();
        image.Dispose();
    }

    /// <summary>Grabs the frame, or the next one that decodes.</summary>
    private void MoveTo(int index, CancellationToken cancellation)
    {
        if (at > index || Index.EntryBefore(index) > at) Enter(index);
        while (at < index)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!Grab())
                throw new BadInputException(
                    $"{path}: decoding stopped after frame {at} of {Index.Times.Count}; fetch or convert the clip again");
        }
    }

    /// <summary>Goes to the frame or before it, by seeking where time stamps can prove the place.</summary>
    private void Enter(int index)
    {
        if (Index.Timed && index > 0)
        {
            foreach (double backOff in BackOffSeconds)
            {
                double seconds = Math.Max(Index.Times[index].TotalSeconds - backOff, 0);
                capture.Set(VideoCaptureProperties.PosMsec, 1000 * seconds);
                if (Grab() && at <= index) return;
            }
        }
        Restart();
    }

    private void Restart()
    {
        capture.Dispose();
        capture = Open();
        at = -1;
    }

    private bool Grab()
    {
        if (!Try(capture.Grab)) return false;
        at = Index.Timed ? Index.At(Position()) : at + 1;
        return true;
    }

    /// <summary>A step of decoding; what the package throws is an error of the file.</summary>
    private bool Try(Func<bool> step)
    {
        try
        {
            return step();
        }
        catch (OpenCVException e)
        {
            throw new BadInputException(
                $"{path}: cannot be decoded ({e.Message.ReplaceLineEndings(" ").Trim()}); fetch or convert the clip again", e);
        }
    }

    private TimeSpan Position() => TimeSpan.FromMilliseconds(capture.Get(VideoCaptureProperties.PosMsec));

    /// <summary>Copies the grabbed frame, blue-green-red to red-green-blue.</summary>
    private Frame Retrieve()
    {
        if (!Try(() => capture.Retrieve(image)) || image.Empty() || image.Type() != MatType.CV_8UC3 || image.Width != Width
            || image.Height != Height)
            throw new BadInputException($"{path}: frame {at} cannot be converted to {Width} x {Height} RGB; convert the clip");
        byte[] rgb = FrameMemory.Allocate(Width, Height);
        for (int y = 0; y < Height; y++)
        {
            var source = new ReadOnlySpan<byte>((byte*)image.Data + y * image.Step(), Width * 3);
            Span<byte> target = rgb.AsSpan(y * Width * 3, Width * 3);
            for (int i = 0; i < target.Length; i += 3)
                (target[i], target[i + 1], target[i + 2]) = (source[i + 2], source[i + 1], source[i]);
        }
        return new Frame(rgb, Width, Height, Index.Times[at]);
    }

    private VideoCapture Open(bool packets = false)
    {
        int[] settings = packets ? [(int)VideoCaptureProperties.Format, -1] : [(int)Threads, threads];
        var opened = new VideoCapture(path, VideoCaptureAPIs.FFMPEG, settings);
        if (opened.IsOpened()) return opened;
        opened.Dispose();
        throw new BadInputException(
            $"{path}: no video stream that can be decoded (sound alone, or a clip cut before its index); fetch or convert it again");
    }

    private FrameIndex ListPackets(CancellationToken cancellation, out int threads)
    {
        using VideoCapture packets = Open(packets: true);
        ClipLimits.RequireSize(path, packets.FrameWidth, packets.FrameHeight, options);
        // Each decoding thread holds frames of its own, 50 MB of them at 4K, where one thread is fast enough.
        threads = (long)packets.FrameWidth * packets.FrameHeight > FewThreadsAbove ? 1 : Math.Clamp(Environment.ProcessorCount, 1, 4);
        var found = new List<(double, bool)>();
        while (Try(packets.Grab))
        {
            cancellation.ThrowIfCancellationRequested();
            found.Add((packets.Get(VideoCaptureProperties.PosMsec) / 1000, packets.Get(HasKeyFrame) != 0));
            ClipLimits.RequireFrames(path, found.Count, options);
        }
        return FrameIndex.Of(found, packets.Fps);
    }

    /// <summary>The proof that the packets are frames: the last of them arrives when decoding comes from well before it.</summary>
    /// <remarks>A seek right to the end would not do: of a clip cut short OpenCV then shows frames that it does not
    /// reach otherwise.</remarks>
    private bool LastFrameDecodes(CancellationToken cancellation)
    {
        int last = Index.Times.Count - 1;
        if (last < 0 || !Index.Timed) return false;
        if (Index.EntryBefore(last) > 0) Enter(last - FrameIndex.LeadIn);
        while (at < last && Grab()) cancellation.ThrowIfCancellationRequested();
        return at == last;
    }

    private FrameIndex CountByDecoding(CancellationToken cancellation)
    {
        using VideoCapture frames = Open();
        var found = new List<(double, bool)>();
        while (Try(frames.Grab))
        {
            cancellation.ThrowIfCancellationRequested();
            found.Add((frames.Get(VideoCaptureProperties.PosMsec) / 1000, false));
        }
        if (found.Count == 0) throw new BadInputException($"{path}: holds no frame that decodes; fetch or convert the clip again");
        if (found.Count < Index.Times.Count)
            options.Notice?.Invoke(
                $"{path}: holds {Index.Times.Count} frames, of which {found.Count} decode; frames are chosen among these");
        Restart();
        return FrameIndex.Of(found, frames.Fps);
    }

    private static string? Load()
    {
        try
        {
            // FFmpeg inside OpenCV reads this in the process's real environment only.
            if (!OperatingSystem.IsWindows()) SetEnvironment("OPENCV_FFMPEG_LOGLEVEL", "-8", 1);
            Cv2.SetLogLevel(LogLevel.SILENT);
            return null;
        }
        catch (Exception e) when (
            e is TypeInitializationException or DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
        {
            Exception cause = e;
            while (cause.InnerException != null) cause = cause.InnerException;
            return MissingLibrary(cause.Message);
        }
    }

    /// <summary>The library that the loader's message (a list of all places tried) comes down to.</summary>
    internal static string MissingLibrary(string message)
    {
        IEnumerable<string> names = SharedObject().Matches(message).Select(match => match.Groups[1].Value);
        string? dependency = names.FirstOrDefault(name => !name.Contains("OpenCvSharpExtern", StringComparison.Ordinal));
        return $"{dependency ?? "libOpenCvSharpExtern.so"} is missing or does not load";
    }

    [GeneratedRegex(@"([\w+.-]+\.so[.\d]*): cannot open shared object")]
    private static partial Regex SharedObject();

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
