using System.Diagnostics;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Video.Decoders;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live.Sources;

/// <summary>The model, and the demo clip in the forms in which it is sent.</summary>
public sealed class LiveMedia : IDisposable
{
    private readonly TemporaryFolder temporary = new();
    private readonly CpuDevice device = new(2);

    public LiveMedia()
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "ffmpeg is not installed");
        string shapes = Path.Combine(Golden.Repository, "Samples/ShapesWorld");
        Assistant = Assistant.Load($"{shapes}/model", device);
        string demo = $"{shapes}/clips/demo.mp4";
        string[] encoder = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "8", "-qp", "10", "-pix_fmt", "yuv420p"];
        Make(["-i", demo, "-vf", "setpts=PTS/8", "-r", "64", .. encoder, "-f", "mpegts", "fast.ts"]);
        // Sixty-four frames a second: each picture of the clip once, the first one twice.
        Make(["-i", demo, "-vf", "setpts=PTS/8,fps=64,tpad=start=1:start_mode=clone", .. encoder, "-f", "mpegts", "twice.ts"]);
        MakeHoles("fast.ts", "holes.ts");
        Make(["-i", "fast.ts", "-c", "copy", "-f", "hls", "-hls_time", "1", "-hls_list_size", "0", "list.m3u8"]);
        Make(["-ss", "4.6", "-t", "1.5", "-i", demo, "-c:v", "mjpeg", "-q:v", "2", "-f", "mpjpeg", "star.mpjpeg"]);
        Make(["-ss", "4.6", "-t", "1.5", "-i", demo, .. encoder, "-f", "mpegts", "star.ts"]);
        Make(["-stream_loop", "40", "-i", "star.ts", "-c", "copy", "-f", "mpegts", "minute.ts"]);
        File.WriteAllText(Path.Combine(Folder, "evil.m3u8"),
            $"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile://{Folder}/fast.ts\n#EXT-X-ENDLIST\n");
        if (OperatingSystem.IsLinux()) // VLC runs as somebody else
            File.SetUnixFileMode(Folder, (UnixFileMode)0b111_101_101);
    }

    public string Folder => temporary.Path;

    public Assistant Assistant { get; }

    public long HalfOf(string name) => new FileInfo(Path.Combine(Folder, name)).Length / 2;

    /// <summary>Starts ffmpeg in the folder.</summary>
    public Process Run(params string[] arguments)
        => Process.Start(new ProcessStartInfo("ffmpeg", ["-v", "error", "-nostdin", "-y", .. arguments]) { WorkingDirectory = Folder })!;

    public void Dispose()
    {
        Assistant.Dispose();
        device.Dispose();
        temporary.Dispose();
    }

    /// <summary>Every fortieth packet of the later half is missing.</summary>
    private void MakeHoles(string from, string to)
    {
        byte[][] packets = [.. File.ReadAllBytes(Path.Combine(Folder, from)).Chunk(188)];
        File.WriteAllBytes(Path.Combine(Folder, to),
            [.. packets.Where((_, i) => i < packets.Length / 2 || i % 40 != 0).SelectMany(packet => packet)]);
    }

    private void Make(string[] arguments)
    {
        using Process process = Run(arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
