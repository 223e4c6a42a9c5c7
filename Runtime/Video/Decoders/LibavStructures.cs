using System.Runtime.InteropServices;

namespace EdgeVideoLlava.Runtime.Video.Decoders;

// The public structures of FFmpeg 7.1 on 64-bit systems, as far as we read them (libavformat/avformat.h, libavcodec/packet.h and
// codec_par.h, libavutil/frame.h). FFmpeg keeps these places within a major version of its libraries.

/// <summary>AVFormatContext: an opened container.</summary>
[StructLayout(LayoutKind.Explicit)]
internal unsafe struct AvFormatContext
{
    /// <summary>AVInputFormat, of which the name is the first member.</summary>
    [FieldOffset(8)] public nint* InputFormat;
    [FieldOffset(44)] public uint StreamCount;
    [FieldOffset(48)] public AvStream** Streams;

    /// <summary>The earliest time stamp of any stream, in microseconds.</summary>
    [FieldOffset(96)] public long Start;
}

/// <summary>AVStream.</summary>
[StructLayout(LayoutKind.Explicit)]
internal unsafe struct AvStream
{
    public const int DiscardAll = 48, AttachedPicture = 0x400;

    [FieldOffset(16)] public AvCodecParameters* Parameters;
    [FieldOffset(32)] public int TimeBaseNumerator;
    [FieldOffset(36)] public int TimeBaseDenominator;
    [FieldOffset(56)] public long FrameCount;
    [FieldOffset(64)] public int Disposition;
    [FieldOffset(68)] public int Discard;
    [FieldOffset(88)] public int FrameRateNumerator;
    [FieldOffset(92)] public int FrameRateDenominator;
}

/// <summary>AVCodecParameters.</summary>
[StructLayout(LayoutKind.Explicit)]
internal struct AvCodecParameters
{
    public const int Video = 0;

    [FieldOffset(0)] public int Kind;
    [FieldOffset(4)] public int Codec;
    [FieldOffset(72)] public int Width;
    [FieldOffset(76)] public int Height;
}

/// <summary>AVPacket.</summary>
[StructLayout(LayoutKind.Explicit)]
internal struct AvPacket
{
    public const int Key = 1, Corrupt = 2, Discard = 4;

    [FieldOffset(8)] public long TimeStamp;
    [FieldOffset(16)] public long DecodeTimeStamp;
    [FieldOffset(36)] public int Stream;
    [FieldOffset(40)] public int Flags;
    [FieldOffset(64)] public long Duration;
    [FieldOffset(72)] public long Position;
}

/// <summary>AVFrame.</summary>
[StructLayout(LayoutKind.Explicit)]
internal unsafe struct AvFrame
{
    public const int Corrupt = 1, Key = 2, Intra = 1;

    [FieldOffset(0)] public byte* Plane0;
    [FieldOffset(8)] public byte* Plane1;
    [FieldOffset(16)] public byte* Plane2;
    [FieldOffset(64)] public int Stride0;
    [FieldOffset(68)] public int Stride1;
    [FieldOffset(72)] public int Stride2;
    [FieldOffset(104)] public int Width;
    [FieldOffset(108)] public int Height;
    [FieldOffset(116)] public int Format;
    [FieldOffset(124)] public int PictureType;
    [FieldOffset(136)] public long TimeStamp;
    [FieldOffset(292)] public int Flags;
    [FieldOffset(296)] public int ColourRange;
    [FieldOffset(308)] public int ColourSpace;
    [FieldOffset(320)] public long BestTimeStamp;
    [FieldOffset(328)] public long PacketPosition;
    [FieldOffset(344)] public int DecodeErrors;
}

/// <summary>AVFrameSideData.</summary>
[StructLayout(LayoutKind.Explicit)]
internal unsafe struct AvFrameSideData
{
    [FieldOffset(8)] public int* Data;
    [FieldOffset(16)] public nuint Size;
}
