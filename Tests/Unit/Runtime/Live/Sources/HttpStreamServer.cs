using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live.Sources;

/// <summary>A small HTTP server of one folder, for streams that break off when they are told to.</summary>
internal sealed class HttpStreamServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly string folder;

    public HttpStreamServer(string folder)
    {
        this.folder = folder;
        listener.Start();
        _ = Task.Run(Accept);
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>The requests so far, each with its headers.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>"user:password" that is asked for; null: nobody is asked.</summary>
    public string? Password { get; set; }

    /// <summary>How much of a file the n-th request (from 1) is given, and whether the connection then stays open without a byte more.</summary>
    public Func<int, (long Bytes, bool Stalls)> Gives { get; set; } = _ => (long.MaxValue, false);

    /// <summary>Whether the n-th connection ends by a reset in place of an orderly end.</summary>
    public Func<int, bool> Resets { get; set; } = _ => false;

    public string Url(string path, string user = "") => $"http://{user}127.0.0.1:{Port}/{path}";

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
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                string request = await ReadRequest(stream);
                if (request.Length > 0) await Answer(stream, request);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
            {
                // The client has left.
            }
        }
    }

    private async Task Answer(NetworkStream stream, string request)
    {
        Requests.Enqueue(request);
        if (Password != null && !request.Contains($"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(Password))}"))
        {
            await Head(stream, "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"cam\"\r\nContent-Length: 0");
            return;
        }
        string path = Path.Combine(folder, Path.GetFileName(request.Split(' ')[1].Split('?')[0]));
        if (!File.Exists(path))
        {
            await Head(stream, "404 Not Found\r\nContent-Length: 0");
            return;
        }
        (long most, bool stalls) = Gives(Requests.Count);
        string type = Path.GetExtension(path) switch
        {
            ".mpjpeg" => "multipart/x-mixed-replace;boundary=ffmpeg",
            ".m3u8" => "application/vnd.apple.mpegurl",
            _ => "video/mp2t",
        };
        await Head(stream, $"200 OK\r\nContent-Type: {type}");
        byte[] content = await File.ReadAllBytesAsync(path, stop.Token);
        await stream.WriteAsync(content.AsMemory(0, (int)Math.Min(most, content.Length)), stop.Token);
        if (stalls) await Task.Delay(Timeout.Infinite, stop.Token);
        if (Resets(Requests.Count)) stream.Socket.Close(timeout: 0);
    }

    private Task Head(NetworkStream stream, string head)
        => stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {head}\r\nConnection: close\r\n\r\n"), stop.Token).AsTask();

    private async Task<string> ReadRequest(NetworkStream stream)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!text.ToString().Contains("\r\n\r\n"))
        {
            int read = await stream.ReadAsync(buffer, stop.Token);
            if (read == 0) return "";
            text.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }
        return text.ToString();
    }
}
