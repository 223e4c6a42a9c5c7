using EdgeVideoLlava.Runtime.Live.Sources;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live.Sources;

/// <summary>What ffmpeg lists of a camera (libavdevice/v4l2.c, list_formats), and of something that is none.</summary>
public sealed class CameraModesTests
{
    [Fact]
    public void Formats_come_with_their_sizes()
        => Assert.Equal(["mjpeg 1280x720 640x480", "yuyv422 640x480 {32-640, 2}x{32-480, 2}"], CameraModes.Read(
            "[video4linux2,v4l2 @ 0x5570] Compressed:       mjpeg :          Motion-JPEG : 1280x720 640x480\n"
            + "[video4linux2,v4l2 @ 0x5570] Raw       :     yuyv422 :           YUYV 4:2:2 : 640x480 {32-640, 2}x{32-480, 2}\n"
            + "[video4linux2,v4l2 @ 0x5570] Raw       : Unsupported :             Bayer :\n"
            + "/dev/video0: Immediate exit requested\n"));

    [Fact]
    public void A_device_that_is_no_camera_has_none() => Assert.Empty(CameraModes.Of("/dev/null"));
}
