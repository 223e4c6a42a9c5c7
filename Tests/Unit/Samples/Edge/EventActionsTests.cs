using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using EdgeVideoLlava.Edge.Live;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Samples.Edge;

/// <summary>What happens when something appears: a web hook on this machine, a program.</summary>
public sealed class EventActionsTests : IDisposable
{
    private static readonly LiveEvent Fired = new("a \"person\"; $(reboot)", TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(8),
        new DateTimeOffset(2026, 11, 30, 20, 15, 0, TimeSpan.Zero));

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<string> requests = new();
    private readonly ConcurrentQueue<string> told = new();

    public EventActionsTests() => listener.Start();

    public void Dispose() => listener.Dispose();

    private Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/hook?key=verysecret");

    private async Task Fire(string? program, Uri? webhook)
    {
        await using var actions = new EventActions(program, webhook, told.Enqueue);
        actions.Fire(Fired);
    }

    /// <summary>Answers each request so.</summary>
    private async Task Serve(string answer)
    {
        while (true)
        {
            using TcpClient client = await listener.AcceptTcpClientAsync();
            NetworkStream stream = client.GetStream();
            var buffer = new byte[65536];
            string request = "";
            while (!request.EndsWith('}')) request += Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer));
            requests.Enqueue(request);
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        }
    }

    [Fact]
    public async Task A_web_hook_gets_the_event_as_JSON()
    {
        _ = Serve("204 No Content");
        await Fire(null, Address);
        string request = Assert.Single(requests);
        Assert.StartsWith("POST /hook?key=verysecret HTTP/1.1", request);
        Assert.Contains("Content-Type: application/json", request);
        JsonElement json = JsonDocument.Parse(request[request.IndexOf('{')..]).RootElement;
        Assert.Equal(Fired.What, json.GetProperty("event").GetString());
        Assert.Equal(("2026-11-30T20:15:00.000Z", 8.0), (json.GetProperty("captured").GetString(), json.GetProperty("end").GetDouble()));
        Assert.Single(told);
    }

    [Theory]
    [InlineData("302 Found\r\nLocation: http://127.0.0.1:1/elsewhere", "answered 302")]
    [InlineData("500 Internal Server Error", "answered 500")]
    public async Task A_redirect_is_not_followed_and_a_refusal_is_told_without_the_key(string answer, string line)
    {
        _ = Serve(answer);
        await Fire(null, Address);
        Assert.Single(requests);
        Assert.Contains(told, said => said.Contains(line));
        Assert.DoesNotContain(told, said => said.Contains("verysecret"));
    }

    [Fact]
    public async Task A_web_hook_that_nobody_serves_is_one_line()
    {
        Uri address = Address;
        listener.Stop();
        await Fire(null, address);
        Assert.Contains("web hook at 127.0.0.1: cannot be reached", told);
    }

    /// <summary>No shell: what is watched for arrives as one argument, whatever is in it.</summary>
    [Fact]
    public async Task A_program_gets_the_event_as_arguments_and_on_its_standard_input()
    {
        using var folder = new TemporaryFolder();
        string script = Path.Combine(folder.Path, "ring"), result = Path.Combine(folder.Path, "result");
        File.WriteAllText(script, $"#!/bin/sh\nprintf '%s\\n' \"$#\" \"$1\" \"$2\" > {result}\ncat >> {result}\nexit 3\n");
        if (OperatingSystem.IsLinux()) File.SetUnixFileMode(script, (UnixFileMode)0b111_000_000);
        await Fire(script, null);
        string[] lines = File.ReadAllLines(result);
        Assert.Equal(["2", Fired.What, "2026-11-30T20:15:00.000Z"], lines[..3]);
        Assert.Equal(Fired.What, JsonDocument.Parse(lines[3]).RootElement.GetProperty("event").GetString());
        Assert.Contains(told, said => said.EndsWith("ended with code 3"));
    }
}
