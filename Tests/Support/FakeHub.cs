using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace EdgeVideoLlava.Tests;

/// <summary>What the hub does, as far as it is asked.</summary>
public sealed class FakeHub : IDisposable
{
    /// <summary>The one repository it has.</summary>
    public const string Name = "owner/model";

    private readonly HttpListener listener;
    private readonly string elsewhere;

    public FakeHub()
    {
        (listener, int port) = Listen();
        (Address, elsewhere) = ($"http://localhost:{port}", $"http://127.0.0.1:{port}");
        _ = Task.Run(Serve);
    }

    /// <summary>On two names of this machine: what is redirected goes to another host. A port that another program has is given up.</summary>
    private static (HttpListener Listener, int Port) Listen()
    {
        for (int again = 0; ; again++)
        {
            int port = Random.Shared.Next(20_000, 60_000);
            var listener = new HttpListener();
            listener.Prefixes.Add($"http://localhost:{port}/");
            listener.Prefixes.Add($"http://127.0.0.1:{port}/");
            try
            {
                listener.Start();
                return (listener, port);
            }
            catch (HttpListenerException) when (again < 20)
            {
                listener.Close();
            }
        }
    }

    public string Address { get; }
    public Dictionary<string, byte[]> Files { get; } = [];
    public List<string> Served { get; } = [];
    public List<string?> TokensElsewhere { get; } = [];

    /// <summary>Bytes of a file after which each connection breaks off.</summary>
    public int? BreakAfter { get; set; }

    /// <summary>A wait after each 64 KiB of a file.</summary>
    public TimeSpan Pause { get; set; }

    public bool KnowsRanges { get; set; } = true;
    public bool Lies { get; set; }
    public bool Redirects { get; set; }
    public string? Token { get; set; }

    public void Dispose() => listener.Close();

    private async Task Serve()
    {
        while (listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception)
            {
                return;
            }
            try
            {
                Answer(context);
            }
            catch (Exception)
            {
                context.Response.Abort();
            }
        }
    }

    private void Answer(HttpListenerContext context)
    {
        string path = context.Request.Url!.AbsolutePath;
        bool isElsewhere = context.Request.UserHostName.StartsWith("127.");
        if (isElsewhere) TokensElsewhere.Add(context.Request.Headers["Authorization"]);
        if (!isElsewhere && Token != null && context.Request.Headers["Authorization"] != $"Bearer {Token}")
        {
            context.Response.StatusCode = 401;
            context.Response.Close();
        }
        else if (path == $"/api/models/{Name}/tree/main")
        {
            Send(context, JsonSerializer.SerializeToUtf8Bytes(Files.Select(file => Entry(file.Key, file.Value))));
        }
        else if (path.StartsWith($"/{Name}/resolve/main/") && Files.TryGetValue(path[$"/{Name}/resolve/main/".Length..], out byte[]? content))
        {
            if (Redirects && !isElsewhere) context.Response.Redirect(elsewhere + path);
            else SendFile(context, path, content);
            context.Response.Close();
        }
        else
        {
            context.Response.StatusCode = 404;
            context.Response.Close();
        }
    }

    private static Dictionary<string, object> Entry(string path, byte[] content)
    {
        byte[] blob = [.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content];
        var entry = new Dictionary<string, object>
        {
            ["type"] = "file",
            ["path"] = path,
            ["size"] = content.Length,
            ["oid"] = Convert.ToHexStringLower(SHA1.HashData(blob)),
        };
        if (content.Length > 50) entry["lfs"] = new { oid = Convert.ToHexStringLower(SHA256.HashData(content)), size = content.Length };
        return entry;
    }

    private void SendFile(HttpListenerContext context, string path, byte[] content)
    {
        int from = 0;
        if (KnowsRanges && context.Request.Headers["Range"] is { } range)
        {
            from = int.Parse(range["bytes=".Length..^1]);
            context.Response.StatusCode = 206;
            context.Response.Headers["Content-Range"] = $"bytes {from}-{content.Length - 1}/{content.Length}";
        }
        lock (Served) Served.Add($"{path} from {from}");
        byte[] rest = content[from..];
        if (Lies && rest.Length > 50) rest[20] ^= 1;
        if (BreakAfter is { } most && rest.Length > most)
        {
            context.Response.ContentLength64 = rest.Length;
            context.Response.OutputStream.Write(rest, 0, most);
            context.Response.OutputStream.Flush();
            Thread.Sleep(50);
            context.Response.Abort();
            return;
        }
        Send(context, rest);
    }

    private void Send(HttpListenerContext context, byte[] content)
    {
        context.Response.ContentLength64 = content.Length;
        for (int at = 0; at < content.Length; at += 1 << 16)
        {
            context.Response.OutputStream.Write(content, at, Math.Min(1 << 16, content.Length - at));
            if (Pause > TimeSpan.Zero) Thread.Sleep(Pause);
        }
        context.Response.OutputStream.Close();
    }
}
