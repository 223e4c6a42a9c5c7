using System.Runtime.InteropServices;

namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>The functions of FFmpeg 7.1 (libavformat 61, libavcodec 61, libswscale 8) that OpenCV's library exports.</summary>
/// <remarks>Names, signatures and constants are those of FFmpeg's headers. OpenCV's own VideoCapture shows neither time stamps of the
/// container, nor colour tags, mirrors, edit lists or a change of size.</remarks>
internal static unsafe partial class LibavApi
{
    public const long NoTimeStamp = long.MinValue; // AV_NOPTS_VALUE
    public const int EndOfFile = -0x20464F45; // AVERROR_EOF: -MKTAG('E','O','F',' ')
    public const int TryAgain = -11; // AVERROR(EAGAIN) on Linux
    public const int Quiet = -8; // AV_LOG_QUIET
    public const int Bicubic = 4; // SWS_BICUBIC
    public const int DisplayMatrix = 6; // AV_FRAME_DATA_DISPLAYMATRIX

    private const string Library = "OpenCvSharpExtern";

    /// <summary>Whether structures lie as we read them, told by the values that new ones begin with.</summary>
    public static bool HasKnownLayout()
    {
        AvFrame* frame = NewFrame();
        AvPacket* packet = NewPacket();
        bool known = frame->Format == -1 && frame->TimeStamp == NoTimeStamp && frame->BestTimeStamp == NoTimeStamp
            && frame->ColourSpace == 2 && frame->ColourRange == 0 && frame->PacketPosition == -1 && packet->TimeStamp == NoTimeStamp
            && packet->DecodeTimeStamp == NoTimeStamp && packet->Position == -1;
        FreeFrame(&frame);
        FreePacket(&packet);
        return known;
    }

    [LibraryImport(Library, EntryPoint = "av_log_set_level")]
    public static partial void SetLogLevel(int level);

    [LibraryImport(Library, EntryPoint = "av_dict_set", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetEntry(nint* dictionary, string key, string value, int flags);

    [LibraryImport(Library, EntryPoint = "av_dict_free")]
    public static partial void FreeEntries(nint* dictionary);

    [LibraryImport(Library, EntryPoint = "av_find_input_format", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint FindInputFormat(string name);

    [LibraryImport(Library, EntryPoint = "avformat_open_input", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int OpenInput(AvFormatContext** context, string url, nint format, nint* options);

    [LibraryImport(Library, EntryPoint = "avformat_find_stream_info")]
    public static partial int FindStreamInfo(AvFormatContext* context, nint options);

    [LibraryImport(Library, EntryPoint = "avformat_close_input")]
    public static partial void CloseInput(AvFormatContext** context);

    [LibraryImport(Library, EntryPoint = "avformat_seek_file")]
    public static partial int SeekFile(AvFormatContext* context, int stream, long least, long wanted, long most, int flags);

    [LibraryImport(Library, EntryPoint = "av_read_frame")]
    public static partial int ReadPacket(AvFormatContext* context, AvPacket* packet);

    [LibraryImport(Library, EntryPoint = "avcodec_get_name")]
    public static partial nint CodecName(int codec);

    [LibraryImport(Library, EntryPoint = "avcodec_find_decoder")]
    public static partial nint FindDecoder(int codec);

    [LibraryImport(Library, EntryPoint = "avcodec_alloc_context3")]
    public static partial nint NewDecoder(nint codec);

    [LibraryImport(Library, EntryPoint = "avcodec_parameters_to_context")]
    public static partial int SetParameters(nint decoder, AvCodecParameters* parameters);

    [LibraryImport(Library, EntryPoint = "av_opt_set_int", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetOption(nint target, string name, long value, int flags);

    [LibraryImport(Library, EntryPoint = "avcodec_open2")]
    public static partial int OpenDecoder(nint decoder, nint codec, nint options);

    [LibraryImport(Library, EntryPoint = "avcodec_free_context")]
    public static partial void FreeDecoder(nint* decoder);

    [LibraryImport(Library, EntryPoint = "avcodec_send_packet")]
    public static partial int SendPacket(nint decoder, AvPacket* packet);

    [LibraryImport(Library, EntryPoint = "avcodec_receive_frame")]
    public static partial int ReceiveFrame(nint decoder, AvFrame* frame);

    [LibraryImport(Library, EntryPoint = "av_packet_alloc")]
    public static partial AvPacket* NewPacket();

    [LibraryImport(Library, EntryPoint = "av_packet_unref")]
    public static partial void ClearPacket(AvPacket* packet);

    [LibraryImport(Library, EntryPoint = "av_packet_free")]
    public static partial void FreePacket(AvPacket** packet);

    [LibraryImport(Library, EntryPoint = "av_frame_alloc")]
    public static partial AvFrame* NewFrame();

    [LibraryImport(Library, EntryPoint = "av_frame_free")]
    public static partial void FreeFrame(AvFrame** frame);

    [LibraryImport(Library, EntryPoint = "av_frame_get_side_data")]
    public static partial AvFrameSideData* SideData(AvFrame* frame, int type);

    [LibraryImport(Library, EntryPoint = "sws_getContext")]
    public static partial nint NewScaler(int width, int height, int format, int toWidth, int toHeight, int toFormat, int flags,
        nint before, nint after, nint parameters);

    [LibraryImport(Library, EntryPoint = "sws_getCoefficients")]
    public static partial int* Coefficients(int colourSpace);

    [LibraryImport(Library, EntryPoint = "sws_setColorspaceDetails")]
    public static partial int SetColours(nint scaler, int* from, int fromFullRange, int* to, int toFullRange, int brightness, int contrast,
        int saturation);

    [LibraryImport(Library, EntryPoint = "sws_scale")]
    public static partial int Scale(nint scaler, byte** planes, int* strides, int from, int rows, byte** toPlanes, int* toStrides);

    [LibraryImport(Library, EntryPoint = "sws_freeContext")]
    public static partial void FreeScaler(nint scaler);
}
