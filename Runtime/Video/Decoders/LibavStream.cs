using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>Decodes clips with the FFmpeg inside OpenCV's library. Every run opens the file anew: none inherits from another.</summary>
/// <param name="format">FFmpeg's name of the container where it is known, else null.</param>
internal sealed class LibavStream(string path, string? format, ClipOptions options) : IVideoStream
{
    private const long FewThreadsAbove = 4_000_000; // pixels

    public int Failures { get; private set; }

    public StreamFacts List(CancellationToken cancellation)
    {
        using var file = new LibavDecoder(path, format);
        AvStream stream = file.Stream;
        var packets = new List<PacketStamp>();
        while (file.Read())
        {
            cancellation.ThrowIfCancellationRequested();
            AvPacket packet = file.Packet;
            packets.Add(new PacketStamp(file.Seconds(packet.TimeStamp), file.Seconds(packet.Duration), Has(packet, AvPacket.Key),
                Has(packet, AvPacket.Discard), Has(packet, AvPacket.Corrupt)));
            ClipLimits.RequireFrames(path, packets.Count, options);
        }
        return new StreamFacts
        {
            Format = file.Format,
            Codec = file.Codec,
            Width = file.Parameters.Width,
            Height = file.Parameters.Height,
            FramesPerSecond = (double)stream.FrameRateNumerator / stream.FrameRateDenominator,
            ContainerStart = file.Start,
            Promised = StreamPromise.Of(file.Format, stream.FrameCount),
            Packets = packets,
        };
    }

    public IEnumerable<DecodedFrame> Decode(FrameSelection selection, CancellationToken cancellation)
    {
        using var file = new LibavDecoder(path, format);
        using var pictures = new LibavPictures();
        // Each decoding thread holds frames of its own, 50 MB of them at 4K, where one thread is fast enough.
        bool large = (long)file.Parameters.Width * file.Parameters.Height > FewThreadsAbove;
        file.OpenDecoder(large ? 1 : Math.Clamp(Environment.ProcessorCount, 1, 4), selection.Entry);
        int number = 0, given = 0;
        try
        {
            while (given < selection.Most && file.Next())
            {
                cancellation.ThrowIfCancellationRequested();
                double seconds = Time(file);
                if (!selection.Includes(number++, seconds)) continue;
                given++;
                yield return Take(file, pictures, seconds, selection.FirstIsProof && given == 1 ? null : selection.Size);
            }
            if (number == 0 && file.Codec == "av1") throw file.Undecodable(); // there is a decoder, for graphics cards
        }
        finally
        {
            Failures += file.Failures;
        }
    }

    public void Dispose() { }

    private static bool Has(AvPacket packet, int flag) => (packet.Flags & flag) != 0;

    private static unsafe double Time(LibavDecoder file) => file.Seconds(file.Frame->BestTimeStamp);

    /// <param name="size">Null: its pixels are not wanted.</param>
    private unsafe DecodedFrame Take(LibavDecoder file, LibavPictures pictures, double seconds, (int Width, int Height)? size)
    {
        AvFrame* frame = file.Frame;
        ClipLimits.RequireSize(path, frame->Width, frame->Height, options);
        Orientation upright = LibavPictures.Upright(frame);
        bool isKey = (frame->Flags & AvFrame.Key) != 0 && frame->PictureType == AvFrame.Intra;
        bool isDamaged = (frame->Flags & AvFrame.Corrupt) != 0 || frame->DecodeErrors != 0;
        byte[]? rgb = size is (int width, int height) ? pictures.ToRgb(frame, upright, width, height) : null;
        (int shownWidth, int shownHeight) = upright.Size(frame->Width, frame->Height);
        return new DecodedFrame(seconds, isKey, shownWidth, shownHeight, isDamaged, rgb);
    }
}
