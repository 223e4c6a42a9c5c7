using EdgeVideoLlava.Runtime.Video.Decoders;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Live.Sources;

/// <summary>Frames of a Video4Linux camera: through OpenCV's library, or the installed ffmpeg where that does not load.</summary>
internal sealed class CameraFrames(string device)
{
    public IEnumerable<DecodedFrame> Read(LiveOptions options, CancellationToken cancel)
    {
        Require();
        return OpenCvLibrary.IsAvailable ? ByOpenCv(options, cancel) : ByFfmpeg().Read(options, cancel);
    }

    /// <summary>The system's word first: what a library says of a device that does not open is less.</summary>
    private void Require()
    {
        if (!File.Exists(device))
            throw new BadInputException($"{device}: there is no such camera; plug it in (cameras here: {CameraList.Words()})");
        try
        {
            new FileStream(device, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0).Dispose();
        }
        catch (UnauthorizedAccessException e)
        {
            throw new BadInputException(
                $"{device}: may not be opened (permission denied); join the group that owns it, most often 'video'", e);
        }
        catch (IOException e)
        {
            throw new BadInputException($"{device}: cannot be opened ({e.Message.TrimEnd('.')})", e);
        }
    }

    private IEnumerable<DecodedFrame> ByOpenCv(LiveOptions options, CancellationToken cancel)
    {
        using var camera = new OpenCvCamera(device);
        if (!camera.IsOpen) throw new BadInputException($"{device}: is no camera, or another program uses it");
        camera.Ask(options.LongestSide, options.LongestSide * 9 / 16);
        while (camera.Next() is { } frame)
        {
            yield return new DecodedFrame(double.NaN, false, frame.Width, frame.Height, false, frame.Rgb);
            cancel.ThrowIfCancellationRequested();
        }
        throw new BadInputException($"{device}: gives no picture; it was unplugged, or another program uses it");
    }

    private FfmpegFrames ByFfmpeg()
        => new(device, ["-f", "v4l2", "-i", device]);
}
