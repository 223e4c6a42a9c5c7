using EdgeVideoLlava.Runtime.Video.Frames;
using static EdgeVideoLlava.Runtime.Video.Decoders.LibavApi;

namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>Decoded frames to RGB by the frame's own tags: matrix, range, orientation.</summary>
internal sealed unsafe class LibavPictures : IDisposable
{
    // Of AVPixelFormat: planes of 8 bits with chroma halved across, or both ways; the J formats are of full range.
    private const int Rgb24 = 2, Yuv420 = 0, Yuv422 = 4, YuvJ420 = 12, YuvJ422 = 13, YuvJ444 = 14;
    private const int FullRange = 2; // AVCOL_RANGE_JPEG

    private nint scaler;
    private (int, int, int, int, int, int, bool) scales;

    /// <summary>How a frame is turned and mirrored to stand upright.</summary>
    /// <exception cref="UnfitException">By other than quarter turns.</exception>
    public static Orientation Upright(AvFrame* frame)
    {
        AvFrameSideData* side = SideData(frame, DisplayMatrix);
        if (side == null || side->Size < 9 * sizeof(int)) return Orientation.AsStored;
        return Orientation.Of(new ReadOnlySpan<int>(side->Data, 9))
            ?? throw new UnfitException("a display matrix that turns by other than quarter turns is not applied with OpenCV's package");
    }

    /// <summary>(height, width, 3) bytes, upright.</summary>
    public byte[] ToRgb(AvFrame* frame, Orientation upright, int width, int height)
    {
        byte[] shown = FrameMemory.Allocate(width, height);
        (int storedWidth, int storedHeight) = upright.Size(width, height);
        byte[] stored = upright == Orientation.AsStored ? shown : new byte[shown.Length];
        bool full = frame->ColourRange == FullRange || frame->Format is YuvJ420 or YuvJ422 or YuvJ444;
        bool sameSize = (frame->Width, frame->Height) == (storedWidth, storedHeight);
        // FFmpeg's own code for these is off by a level of green where it has no assembler; at odd heights it takes another way.
        if (sameSize && frame->Height % 2 == 0 && frame->Format is Yuv420 or Yuv422 or YuvJ420 or YuvJ422) ByPlanes(frame, full, stored);
        else ByScaler(frame, full, stored, storedWidth, storedHeight);
        if (upright != Orientation.AsStored) upright.Apply(stored, storedWidth, storedHeight, shown);
        return shown;
    }

    public void Dispose() => FreeScaler(scaler);

    private static void ByPlanes(AvFrame* frame, bool full, byte[] rgb)
    {
        int chromaWidth = (frame->Width + 1) / 2;
        var colours = new YuvToRgb(Luma.Of(frame->ColourSpace), full);
        for (int y = 0; y < frame->Height; y++)
        {
            int chroma = frame->Format is Yuv420 or YuvJ420 ? y / 2 : y;
            colours.Row(new ReadOnlySpan<byte>(frame->Plane0 + (nint)y * frame->Stride0, frame->Width),
                new ReadOnlySpan<byte>(frame->Plane1 + (nint)chroma * frame->Stride1, chromaWidth),
                new ReadOnlySpan<byte>(frame->Plane2 + (nint)chroma * frame->Stride2, chromaWidth),
                chromaStep: 2, rgb.AsSpan(y * frame->Width * 3, frame->Width * 3));
        }
    }

    private void ByScaler(AvFrame* frame, bool full, byte[] rgb, int width, int height)
    {
        var wanted = (frame->Width, frame->Height, frame->Format, frame->ColourSpace, width, height, full);
        if (scaler == 0 || scales != wanted)
        {
            FreeScaler(scaler);
            scaler = NewScaler(frame->Width, frame->Height, frame->Format, width, height, Rgb24, Bicubic, 0, 0, 0);
            if (scaler == 0) throw new UnfitException($"pixel format {frame->Format} is not converted by OpenCV's package");
            SetColours(scaler, Coefficients(frame->ColourSpace), full ? 1 : 0, Coefficients(frame->ColourSpace), 0, 0, 1 << 16, 1 << 16);
            scales = wanted;
        }
        fixed (byte* target = rgb)
        {
            byte** planes = stackalloc byte*[4] { target, null, null, null };
            int* strides = stackalloc int[4] { 3 * width, 0, 0, 0 };
            Scale(scaler, &frame->Plane0, &frame->Stride0, 0, frame->Height, planes, strides);
        }
    }
}
