using System.Runtime.InteropServices;
using static EdgeVideoLlava.Runtime.Video.Decoders.LibavApi;

namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>A container opened by the FFmpeg inside OpenCV's library, its first video stream, and that stream's decoder once asked for.
/// </summary>
/// <remarks>Only local files are opened, whatever a file asks for.</remarks>
internal sealed unsafe class LibavDecoder : IDisposable
{
    private const int MostComplaintsAtTheEnd = 64; // a decoder that is emptied gives its frames and then says so

    private readonly AvFormatContext* container;
    private readonly AvStream* stream;
    private readonly int streamIndex;
    private readonly AvPacket* packet = NewPacket();
    private readonly AvFrame* frame = NewFrame();
    private nint decoder;
    private bool ended, disposed;

    /// <param name="format">FFmpeg's name of the container where it is known, else null.</param>
    /// <exception cref="BadInputException">No container, or no video in it.</exception>
    public LibavDecoder(string path, string? format)
    {
        nint options = 0;
        AvFormatContext* opened = null;
        SetEntry(&options, "protocol_whitelist", "file", 0);
        SetEntry(&options, "format_whitelist", Containers.Allowed, 0);
        int result = OpenInput(&opened, "file:" + Path.GetFullPath(path), format == null ? 0 : FindInputFormat(format), &options);
        FreeEntries(&options);
        container = opened; // null when it could not be opened
        streamIndex = result >= 0 && FindStreamInfo(container, 0) >= 0 ? FirstVideo() : -1;
        if (streamIndex < 0)
        {
            Dispose();
            throw NoVideo.In(path);
        }
        stream = container->Streams[streamIndex];
    }

    /// <summary>Packets that the decoder refused.</summary>
    public int Failures { get; private set; }

    public string Format => Marshal.PtrToStringUTF8(*container->InputFormat) ?? "";

    public string Codec => Marshal.PtrToStringUTF8(CodecName(stream->Parameters->Codec)) ?? "";

    public AvStream Stream => *stream;

    public AvCodecParameters Parameters => *stream->Parameters;

    public double Start => container->Start == NoTimeStamp ? double.NaN : container->Start / 1e6;

    /// <summary>The packet read last.</summary>
    public AvPacket Packet => *packet;

    /// <summary>The frame decoded last.</summary>
    public AvFrame* Frame => frame;

    /// <summary>A time stamp of the stream in seconds; NaN: none.</summary>
    public double Seconds(long stamp)
        => stamp == NoTimeStamp ? double.NaN : (double)stamp * stream->TimeBaseNumerator / stream->TimeBaseDenominator;

    /// <summary>Reads the stream's next packet; false at the end.</summary>
    public bool Read()
    {
        do
        {
            ClearPacket(packet);
            if (ReadPacket(container, packet) < 0) return false;
        }
        while (packet->Stream != streamIndex);
        return true;
    }

    /// <summary>Gets the decoder ready, which may come before any packet is read.</summary>
    /// <exception cref="UnfitException">The library has no decoder for the codec.</exception>
    public void OpenDecoder(int threads, double? entry)
    {
        nint codec = FindDecoder(stream->Parameters->Codec);
        if (codec == 0) throw Undecodable();
        decoder = NewDecoder(codec);
        SetOption(decoder, "threads", threads, 0);
        if (SetParameters(decoder, stream->Parameters) < 0 || LibavApi.OpenDecoder(decoder, codec, 0) < 0) throw Undecodable();
        if (entry is not double seconds) return;
        long stamp = (long)Math.Round(seconds * stream->TimeBaseDenominator / stream->TimeBaseNumerator);
        SeekFile(container, streamIndex, long.MinValue, stamp, stamp, 0); // where it fails the proof is missing, not more
    }

    /// <summary>Decodes the next frame; false at the end.</summary>
    public bool Next()
    {
        for (int complaints = 0; complaints < MostComplaintsAtTheEnd;)
        {
            int result = ReceiveFrame(decoder, frame);
            if (result >= 0) return true;
            if (result == EndOfFile) return false;
            if (result != TryAgain)
            {
                Failures++;
                if (ended) complaints++;
            }
            else if (ended)
            {
                return false;
            }
            else if (!Read())
            {
                ended = true;
                SendPacket(decoder, null);
            }
            else if (SendPacket(decoder, packet) < 0)
            {
                Failures++;
            }
        }
        return false;
    }

    public UnfitException Undecodable() => new($"{Codec} has no decoder in OpenCV's package");

    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        AvPacket* usedPacket = packet;
        AvFrame* usedFrame = frame;
        nint usedDecoder = decoder;
        AvFormatContext* opened = container;
        FreePacket(&usedPacket);
        FreeFrame(&usedFrame);
        FreeDecoder(&usedDecoder);
        if (opened != null) CloseInput(&opened);
    }

    /// <summary>The first stream of moving pictures; the others are skipped from now on. A cover is none.</summary>
    private int FirstVideo()
    {
        int found = -1;
        for (int i = 0; i < container->StreamCount; i++)
        {
            AvStream* candidate = container->Streams[i];
            bool isVideo = candidate->Parameters->Kind == AvCodecParameters.Video
                && (candidate->Disposition & AvStream.AttachedPicture) == 0 && candidate->TimeBaseDenominator > 0;
            if (found < 0 && isVideo) found = i;
            else candidate->Discard = AvStream.DiscardAll;
        }
        return found;
    }
}
