using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading.Channels;
using EdgeVideoLlava.Runtime.Live;

namespace EdgeVideoLlava.Edge.Live;

/// <summary>What happens when something appears: a line on stderr, a program, a web hook. On a thread of their own, in order.</summary>
/// <remarks>Narration never waits for them: of those that come faster than they are done with, the newest <see cref="Room"/>
/// wait.</remarks>
internal sealed class EventActions : IAsyncDisposable
{
    private const int Room = 64;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly string? program;
    private readonly Uri? webhook;
    private readonly Action<string> tell;
    private readonly Channel<LiveEvent> events;
    private readonly Task acting;

    public EventActions(string? program, Uri? webhook, Action<string> tell)
    {
        (this.program, this.webhook, this.tell) = (program, webhook, tell);
        events = Channel.CreateBounded<LiveEvent>(new BoundedChannelOptions(Room) { FullMode = BoundedChannelFullMode.DropOldest },
            lost => tell($"event '{lost.What}' is not acted on: {Room} others wait"));
        acting = Task.Run(Act);
    }

    /// <summary>The address of a web hook; null: it is none.</summary>
    public static Uri? Address(string text)
        => Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" ? uri : null;

    public void Fire(LiveEvent fired) => events.Writer.TryWrite(fired);

    /// <summary>Waits for those on their way.</summary>
    public async ValueTask DisposeAsync()
    {
        events.Writer.TryComplete();
        await acting;
    }

    private async Task Act()
    {
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { Timeout = Patience };
        await foreach (LiveEvent fired in events.Reader.ReadAllAsync())
        {
            tell($"{Time(fired)}  appeared: {fired.What}");
            string json = Json(fired);
            if (program != null) await Run(program, fired, json);
            if (webhook != null) await Post(client, webhook, json);
        }
    }

    private async Task Run(string name, LiveEvent fired, string json)
    {
        var start = new ProcessStartInfo(name, [fired.What, Time(fired)]) { RedirectStandardInput = true };
        using var process = new Process { StartInfo = start };
        using var late = new CancellationTokenSource(Patience);
        try
        {
            process.Start();
            await process.StandardInput.WriteAsync(json + "\n");
            process.StandardInput.Close();
            await process.WaitForExitAsync(late.Token);
            if (process.ExitCode != 0) tell($"{name}: ended with code {process.ExitCode}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            tell($"{name}: had not ended after {Patience.TotalSeconds:0} s and was killed");
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            tell($"{name}: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>An address may hold a key: it is not repeated.</summary>
    private async Task Post(HttpClient client, Uri address, string json)
    {
        try
        {
            using var content = new StringContent(json, Encoding.UTF8, "application/json");
            using HttpResponseMessage response = await client.PostAsync(address, content);
            if (!response.IsSuccessStatusCode) tell($"web hook at {address.Host}: answered {(int)response.StatusCode}");
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            tell($"web hook at {address.Host}: {(e is OperationCanceledException ? "does not answer" : "cannot be reached")}");
        }
    }

    private static string Time(LiveEvent fired)
        => fired.Captured is { } moment ? moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)
            : ConsoleSink.Time(fired.Start);

    private static string Json(LiveEvent fired)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("event", fired.What);
            json.WriteNumber("start", Math.Round(fired.Start.TotalSeconds, 3));
            json.WriteNumber("end", Math.Round(fired.End.TotalSeconds, 3));
            if (fired.Captured != null) json.WriteString("captured", Time(fired));
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
