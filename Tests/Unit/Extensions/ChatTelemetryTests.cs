using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using EdgeVideoLlava.Extensions;
using Microsoft.Extensions.AI;

namespace EdgeVideoLlava.Tests.Unit.Extensions;

/// <summary>Answers and failures in traces and metrics, by the conventions' names.</summary>
public sealed class ChatTelemetryTests : IDisposable
{
    private sealed record Measured(string Name, double Value, Dictionary<string, object?> Tags);

    private readonly ConcurrentQueue<Measured> measured = [];
    private readonly MeterListener meters = new();
    private TestHost? host;

    public ChatTelemetryTests()
    {
        meters.InstrumentPublished = (instrument, listener) =>
        {
            if (host != null && instrument.Meter.Scope == host) listener.EnableMeasurementEvents(instrument);
        };
        meters.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        meters.Start();
    }

    public void Dispose() => meters.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        => measured.Enqueue(new Measured(instrument.Name, value, new Dictionary<string, object?>(tags.ToArray())));

    [Fact]
    public async Task An_answer_is_measured()
    {
        await using TestHost host = this.host = new TestHost(options => options.ModelName = "shapes");
        ChatResponse response = await host.Ask(TestHost.About("clips/clip_00.mp4", TestHost.Describe));
        Assert.All(measured, one => Assert.Equal(("chat", "edge-video-llava", "shapes", "shapes"), (one.Tags["gen_ai.operation.name"],
            one.Tags["gen_ai.provider.name"], one.Tags["gen_ai.request.model"], one.Tags["gen_ai.response.model"])));
        Measured[] tokens = [.. measured.Where(one => one.Name == "gen_ai.client.token.usage")];
        Assert.Equal([("input", response.Usage!.InputTokenCount!.Value), ("output", response.Usage.OutputTokenCount!.Value)],
            tokens.Select(one => ((string)one.Tags["gen_ai.token.type"]!, (long)one.Value)));
        double first = Single("gen_ai.server.time_to_first_token").Value, all = Single("gen_ai.client.operation.duration").Value;
        Assert.InRange(first, 1e-4, all);
        Assert.DoesNotContain("error.type", Single("gen_ai.client.operation.duration").Tags.Keys);
        Assert.Equal(4, measured.Count);
    }

    [Fact]
    public async Task A_failure_is_measured_as_what_it_is()
    {
        await using TestHost host = this.host = TestHost.Talkative();
        await Assert.ThrowsAsync<BadInputException>(() => host.Ask(new ChatMessage(ChatRole.User, " ")));
        Assert.Equal(typeof(BadInputException).FullName, Assert.Single(measured).Tags["error.type"]);
        measured.Clear();
        await foreach (ChatResponseUpdate _ in host.Chat.GetStreamingResponseAsync("What?",
            cancellationToken: TestContext.Current.CancellationToken)) break;
        Assert.Equal(typeof(OperationCanceledException).FullName, Single("gen_ai.client.operation.duration").Tags["error.type"]);
        Assert.Single(measured);
    }

    [Fact]
    public async Task An_answer_is_a_span_below_the_hosts()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == ChatTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var host = new TestHost(options => options.ModelName = "shapes of spans");
        using var request = new Activity("request");
        request.Start();
        await host.Chat.GetResponseAsync([TestHost.About("clips/clip_00.mp4", TestHost.Describe)],
            new() { Temperature = 0.5f, TopK = 1, Seed = 3, MaxOutputTokens = 2 }, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<BadInputException>(() => host.Ask(new ChatMessage(ChatRole.User, "")));
        Assert.Same(request, Activity.Current);
        Activity[] own = [.. spans.Where(span => span.DisplayName == "chat shapes of spans")];
        Assert.All(own, span => Assert.Equal((request.SpanId, ActivityKind.Internal), (span.ParentSpanId, span.Kind)));
        Assert.Equal([ActivityStatusCode.Unset, ActivityStatusCode.Error], own.Select(span => span.Status));
        Activity span = own[0];
        Assert.Equal(0.5f, span.GetTagItem("gen_ai.request.temperature"));
        Assert.Equal((1, 2, 3L), (span.GetTagItem("gen_ai.request.top_k"), span.GetTagItem("gen_ai.request.max_tokens"),
            span.GetTagItem("gen_ai.request.seed")));
        Assert.Equal(2, span.GetTagItem("gen_ai.usage.output_tokens"));
        Assert.Equal(["length"], (string[])span.GetTagItem("gen_ai.response.finish_reasons")!);
        Assert.Equal(typeof(BadInputException).FullName, own[1].GetTagItem("error.type"));
    }

    private Measured Single(string name) => Assert.Single(measured, one => one.Name == name);
}
