using EdgeVideoLlava.Extensions;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Tests.Unit.Support;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EdgeVideoLlava.Tests.Unit.Extensions;

/// <summary>One model in a container: loaded when asked for, told to the log, disposed with it.</summary>
public sealed class EdgeVideoLlavaServicesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_model_is_loaded_once_and_when_it_is_asked_for()
    {
        await using var host = new TestHost();
        Assert.NotNull(host.Chat);
        Assert.Null(host.Source.Loading);
        Assistant[] all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => host.Source.GetAsync(Cancel))));
        Assert.All(all, assistant => Assert.Same(host.Services.GetRequiredService<Assistant>(), assistant));
        Assert.Single(host.Lines, line => line.Line.StartsWith("loaded ") && line.Line.Contains(all[0].Device));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task It_ends_with_the_container(bool synchronously)
    {
        var host = new TestHost();
        (AssistantSource source, IChatClient chat) = (host.Source, host.Chat);
        Assistant assistant = host.Services.GetRequiredService<Assistant>();
        if (synchronously) host.Services.Dispose();
        else await host.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => assistant.Start());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => source.GetAsync(Cancel));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => chat.GetResponseAsync("?", cancellationToken: Cancel));
    }

    [Fact]
    public async Task A_load_on_its_way_is_given_up_with_the_container()
    {
        var host = new TestHost();
        Task<Assistant> loading = host.Source.GetAsync(Cancel);
        await host.DisposeAsync();
        try
        {
            Assistant assistant = await loading.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
            Assert.Throws<ObjectDisposedException>(() => assistant.Start()); // it was faster
        }
        catch (OperationCanceledException)
        {
            Assert.DoesNotContain(host.Lines, line => line.Level == LogLevel.Error);
        }
    }

    [Fact]
    public async Task A_failed_load_is_told_and_tried_again()
    {
        using var folder = new TemporaryFolder();
        string model = Path.Combine(folder.Path, "model");
        await using var host = new TestHost(folder: model);
        var health = host.Services.GetRequiredService<AssistantHealthCheck>();
        Assert.Equal(HealthStatus.Healthy, (await Check(health)).Status);
        await Assert.ThrowsAsync<BadInputException>(() => host.Ask(new ChatMessage(ChatRole.User, "What?")));
        Assert.Single(host.Lines, line => line.Level == LogLevel.Error && line.Line.Contains(model));
        HealthCheckResult failed = await Check(health);
        Assert.Equal(HealthStatus.Unhealthy, failed.Status);
        Assert.IsType<BadInputException>(failed.Exception);
        Directory.CreateSymbolicLink(model, ShapesAnswers.Model);
        Assert.NotEmpty((await host.Ask(new ChatMessage(ChatRole.User, "What?"))).Text);
        HealthCheckResult healthy = await Check(health);
        Assert.Equal((HealthStatus.Healthy, (await host.Source.GetAsync(Cancel)).Device), (healthy.Status, healthy.Description));
        await host.DisposeAsync();
        Assert.Equal(HealthStatus.Unhealthy, (await Check(health)).Status);
    }

    [Fact]
    public async Task A_model_on_its_way_is_degraded()
    {
        await using var host = new TestHost();
        Task loading = host.Source.GetAsync(Cancel);
        HealthCheckResult health = await Check(host.Services.GetRequiredService<AssistantHealthCheck>());
        Assert.True(health.Status == HealthStatus.Degraded || loading.IsCompleted);
        await loading;
    }

    [Fact]
    public async Task Warnings_go_to_the_log_and_where_the_options_say()
    {
        List<string> told = [];
        await using var host = new TestHost(options => options.Assistant = options.Assistant with { Warn = told.Add });
        Assistant assistant = await host.Source.GetAsync(Cancel);
        using var folder = new TemporaryFolder();
        string cut = folder.File("cut.y4m", [.. "YUV4MPEG2 W16 H16 F10:1 Cmono\nFRAME\n"u8, .. new byte[256], .. "FRAME\n"u8, .. new byte[9]]);
        assistant.See(cut, cancel: Cancel).Tokens.Dispose();
        Assert.NotEmpty(told);
        Assert.Equal(told, host.Lines.Where(line => line.Level == LogLevel.Warning).Select(line => line.Line));
    }

    public static TheoryData<Action<EdgeVideoLlavaOptions>, string> Impossible => new()
    {
        { options => options.Folder = "", "Folder is not set" },
        { options => options.MostAtOnce = 0, "MostAtOnce = 0" },
        { options => options.MostContentBytes = -1, "negative" },
    };

    [Theory, MemberData(nameof(Impossible))]
    public async Task Impossible_options_are_said(Action<EdgeVideoLlavaOptions> configure, string complaint)
    {
        await using var host = new TestHost(configure);
        Assert.Contains(complaint, Assert.Throws<OptionsValidationException>(() => host.Chat).Message);
    }

    private static Task<HealthCheckResult> Check(AssistantHealthCheck check) => check.CheckHealthAsync(
        new() { Registration = new HealthCheckRegistration("model", check, HealthStatus.Unhealthy, null) }, Cancel);
}
