using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;

namespace EdgeVideoLlava.Tests.EndToEnd;

/// <summary>The sample server as a process of its own, with clients that ask at the same time.</summary>
public sealed class ChatServerTests : IAsyncLifetime
{
    private const string Ask = "/ask?question=Describe+what+you+see.";

    private static readonly string Shapes = Path.Combine(EdgeProcess.Repository, "Samples/ShapesWorld"),
        Server = Path.Combine(EdgeProcess.Repository, "Samples/ChatServer/bin/Release/net10.0/linux-x64/EdgeVideoLlava.ChatServer.dll");

    private readonly HttpClient client = new() { Timeout = TimeSpan.FromMinutes(2) };
    private Process? server;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.True(File.Exists(Server), $"{Server} is not built");
        server = Process.Start(new ProcessStartInfo("dotnet",
            [Server, "--urls", "http://127.0.0.1:0", "--model", $"{Shapes}/model"])
        { RedirectStandardOutput = true })!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        while (await server.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.Split("Now listening on: ") is not [_, var address]) continue;
            client.BaseAddress = new Uri(address);
            _ = server.StandardOutput.ReadToEndAsync(CancellationToken.None); // a full pipe would stop it
            return;
        }
        Assert.Fail("the server ended before it listened");
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        if (server is { HasExited: false })
        {
            server.Kill();
            await server.WaitForExitAsync(CancellationToken.None);
        }
        server?.Dispose();
    }

    [Fact]
    public async Task Clients_at_once_get_their_own_answers()
    {
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health", Cancel)).StatusCode);
        string[] answers = await Task.WhenAll(Post("clips/clip_00.mp4", "video/mp4"), Post("pictures/picture_00.png", "image/png"),
            Post("clips/clip_05.mp4", "video/mp4"), Post("clips/clip_00.mp4", "video/mp4"));
        Assert.Equal(("A blue ring vanishes.", answers[0]), (answers[0], answers[3]));
        Assert.Equal(3, answers.Distinct().Count());
        Assert.All(answers, answer => Assert.EndsWith(".", answer));
    }

    [Fact]
    public async Task Bad_uploads_are_one_line_and_the_server_goes_on()
    {
        (HttpStatusCode status, string text) = await Send("words"u8.ToArray(), "image/png");
        Assert.Equal((HttpStatusCode.BadRequest, "the stream: plain text, neither a picture (JPEG, PNG, WebP, BMP, GIF) nor a clip\n"),
            (status, text));
        (status, text) = await Send("words"u8.ToArray(), "text/plain");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.StartsWith("data of the type text/plain cannot be shown", text);
        client.DefaultRequestHeaders.ExpectContinue = true; // refused before its bytes are sent
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await Send(new byte[(64 << 20) + 1], "video/mp4")).Status);
        Assert.Equal("A blue ring vanishes.", await Post("clips/clip_00.mp4", "video/mp4"));
    }

    private async Task<string> Post(string file, string type)
    {
        (HttpStatusCode status, string text) = await Send(await File.ReadAllBytesAsync(Path.Combine(Shapes, file), Cancel), type);
        Assert.Equal(HttpStatusCode.OK, status);
        return text;
    }

    private async Task<(HttpStatusCode Status, string Text)> Send(byte[] bytes, string type)
    {
        using var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        using HttpResponseMessage response = await client.PostAsync(Ask, content, Cancel);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }
}
