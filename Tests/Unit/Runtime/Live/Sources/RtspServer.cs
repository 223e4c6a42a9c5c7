using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live.Sources;

/// <summary>A small RTSP server of one clip: each client gets it from its start, over its own TCP connection, in real time.</summary>
/// <remarks>ffmpeg makes the RTP packets; they are passed on as interleaved data.</remarks>
internal sealed class RtspServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly string clip, password;

    /// <param name="password">"user:password" that is asked for.</param>
    public RtspServer(string clip, string password)
    {
        (this.clip, this.password) = (clip, password);
        listener.Start();
        _ = Task.Run(Accept);
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>The methods asked for so far.</summary>
    public ConcurrentQueue<string> Methods { get; } = new();

    public void Dispose()
    {
        stop.Cancel();
        listener.Dispose();
    }

    private async Task Accept()
    {
        try
        {
            while (true)
            {
                TcpClient client = await listener.AcceptTcpClientAsync(stop.Token);
                _ = Task.Run(() => Serve(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task Serve(TcpClient client)
    {
        using var packets = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        Channel<byte[]> waiting = Channel.CreateUnbounded<byte[]>();
        _ = Task.Run(() => Receive(packets, waiting.Writer)); // at once: the system holds few of them until they are asked for
        Process? sender = null;
        try
        {
            using (client)
            {
                NetworkStream stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.ASCII, false, 1024, leaveOpen: true);
                while (await Request(reader) is { Length: > 0 } request)
                {
                    string method = request.Split(' ')[0], sequence = request.Split('\n').First(line => line.StartsWith("CSeq")).Trim();
                    Methods.Enqueue(method);
                    if (method != "OPTIONS" && !request.Contains($"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(password))}"))
                    {
                        await Reply(stream, "401 Unauthorized", sequence, "WWW-Authenticate: Basic realm=\"cam\"\r\n");
                        continue;
                    }
                    if (method == "DESCRIBE") sender = Send(((IPEndPoint)packets.Client.LocalEndPoint!).Port);
                    await Answer(stream, method, request, sequence, sender);
                    if (method == "PLAY") await Task.WhenAny(Pass(waiting.Reader, stream), sender!.WaitForExitAsync(stop.Token));
                    if (method is "PLAY" or "TEARDOWN") break;
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
        {
            // The client has left.
        }
        finally
        {
            if (sender is { HasExited: false }) sender.Kill();
            sender?.Dispose();
        }
    }

    private static Task Answer(NetworkStream stream, string method, string request, string sequence, Process? sender) => method switch
    {
        "OPTIONS" => Reply(stream, "200 OK", sequence, "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"),
        "DESCRIBE" => Reply(stream, "200 OK", sequence, "Content-Type: application/sdp\r\n", Description(sender!)),
        "SETUP" when !request.Contains("interleaved") => Reply(stream, "461 Unsupported Transport", sequence),
        "SETUP" => Reply(stream, "200 OK", sequence, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"),
        _ => Reply(stream, "200 OK", sequence, "Session: 1\r\n"),
    };

    private Process Send(int port) => Process.Start(new ProcessStartInfo("ffmpeg",
        ["-v", "error", "-re", "-i", clip, "-c", "copy", "-f", "rtp", $"rtp://127.0.0.1:{port}?pkt_size=1200"])
    { RedirectStandardOutput = true, RedirectStandardInput = true })!;

    /// <summary>What ffmpeg says of its packets, with the name of the track.</summary>
    private static string Description(Process sender)
    {
        var lines = new StringBuilder();
        while (sender.StandardOutput.ReadLine() is { } line)
        {
            if (line != "SDP:") lines.Append(line).Append("\r\n");
            if (line.StartsWith("a=fmtp", StringComparison.Ordinal)) break;
        }
        return $"{lines}a=control:track0\r\n";
    }

    private async Task Receive(UdpClient packets, ChannelWriter<byte[]> waiting)
    {
        try
        {
            while (true) waiting.TryWrite((await packets.ReceiveAsync(stop.Token)).Buffer);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            waiting.Complete();
        }
    }

    private async Task Pass(ChannelReader<byte[]> waiting, NetworkStream stream)
    {
        await foreach (byte[] packet in waiting.ReadAllAsync(stop.Token))
        {
            await stream.WriteAsync((byte[])[(byte)'$', 0, (byte)(packet.Length >> 8), (byte)packet.Length, .. packet], stop.Token);
        }
    }

    private static Task Reply(NetworkStream stream, string status, string sequence, string headers = "", string body = "")
        => stream.WriteAsync(Encoding.ASCII.GetBytes($"RTSP/1.0 {status}\r\n{sequence}\r\n{headers}Content-Length: {body.Length}\r\n\r\n{body}"))
            .AsTask();

    private static async Task<string> Request(StreamReader reader)
    {
        var lines = new StringBuilder();
        while (await reader.ReadLineAsync() is { Length: > 0 } line) lines.Append(line).Append('\n');
        return lines.ToString();
    }
}
