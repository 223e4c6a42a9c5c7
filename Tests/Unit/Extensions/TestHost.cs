using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using EdgeVideoLlava.Extensions;
using EdgeVideoLlava.Tests.Unit.Support;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EdgeVideoLlava.Tests.Unit.Extensions;

/// <summary>A container with the small model, its log and its meters.</summary>
internal sealed class TestHost : IAsyncDisposable, ILoggerFactory, IMeterFactory, ILogger
{
    public const string Describe = "Describe what you see.", Ring = "A blue ring vanishes.", Where = "In which place is the blue ring?";

    private static readonly string Shapes = Path.Combine(Golden.Repository, "Samples/ShapesWorld");

    public TestHost(Action<EdgeVideoLlavaOptions>? configure = null, string? folder = null)
    {
        Services = new ServiceCollection()
            .AddSingleton<ILoggerFactory>(this).AddSingleton(typeof(ILogger<>), typeof(Logger<>)).AddSingleton<IMeterFactory>(this)
            .AddEdgeVideoLlava(folder ?? ShapesAnswers.Model, options =>
            {
                options.Assistant = new() { Device = "cpu", Threads = 2 };
                configure?.Invoke(options);
            })
            .BuildServiceProvider();
    }

    /// <summary>A model that says thousands of tokens before it stops.</summary>
    public static TestHost Talkative(Action<EdgeVideoLlavaOptions>? configure = null)
        => new(options =>
        {
            options.Generation = new() { MaxTokens = 3000 };
            configure?.Invoke(options);
        }, Golden.Path("original-tiny/checkpoint"));

    public ServiceProvider Services { get; }

    public ConcurrentQueue<(LogLevel Level, string Line)> Lines { get; } = [];

    public IChatClient Chat => Services.GetRequiredService<IChatClient>();

    public AssistantSource Source => Services.GetRequiredService<AssistantSource>();

    public static string PathOf(string file) => Path.Combine(Shapes, file);

    public static DataContent Data(string file)
        => new(File.ReadAllBytes(PathOf(file)), file.EndsWith(".png", StringComparison.Ordinal) ? "image/png" : "video/mp4");

    public static ChatMessage About(string file, string question) => new(ChatRole.User, [Data(file), new TextContent(question)]);

    public Task<ChatResponse> Ask(params ChatMessage[] messages)
        => Chat.GetResponseAsync(messages, cancellationToken: TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Services.DisposeAsync();

    ILogger ILoggerFactory.CreateLogger(string categoryName) => this;

    void ILoggerFactory.AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    /// <summary>In this scope, by which its measurements are told from those of other tests.</summary>
    Meter IMeterFactory.Create(MeterOptions options) => new(options.Name, options.Version, options.Tags, scope: this);

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
        => Lines.Enqueue((logLevel, formatter(state, exception)));

    /// <summary>The container owns it as a service; there is nothing to end.</summary>
    void IDisposable.Dispose()
    {
    }
}
