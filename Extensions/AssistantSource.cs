using System.Diagnostics;
using EdgeVideoLlava.Runtime;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace EdgeVideoLlava.Extensions;

/// <summary>The host's one assistant, loaded when it is first asked for and disposed with the container.</summary>
/// <remarks>Thread-safe. A load that fails is tried again by whoever asks next.</remarks>
public sealed class AssistantSource(IOptions<EdgeVideoLlavaOptions> options, ILogger<AssistantSource>? log = null)
    : IDisposable, IAsyncDisposable
{
    private readonly ILogger log = log ?? NullLogger<AssistantSource>.Instance;
    private readonly Lock gate = new();
    private readonly CancellationTokenSource closing = new();

    /// <summary>The load that is on its way or was the last; null before the first.</summary>
    internal Task<Assistant>? Loading { get; private set; }

    /// <summary>The assistant; the first call loads it, so that a host may do that before requests come.</summary>
    /// <param name="cancel">Ends the waiting, not the loading.</param>
    /// <inheritdoc cref="Assistant.LoadAsync" path="/exception"/>
    /// <exception cref="ObjectDisposedException">The container has been disposed.</exception>
    public Task<Assistant> GetAsync(CancellationToken cancel = default)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closing.IsCancellationRequested, this);
            if (Loading is null or { IsFaulted: true } or { IsCanceled: true }) Loading = Task.Run(Load, closing.Token);
            return Loading.WaitAsync(cancel);
        }
    }

    /// <summary>Ends the assistant and what it is doing; a load that is on its way is given up.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <inheritdoc cref="Dispose"/>
    public async ValueTask DisposeAsync()
    {
        Task<Assistant>? last;
        lock (gate)
        {
            closing.Cancel();
            last = Loading;
        }
        if (last == null) return;
        await ((Task)last).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (last.IsCompletedSuccessfully) await last.Result.DisposeAsync().ConfigureAwait(false);
    }

    private Assistant Load()
    {
        EdgeVideoLlavaOptions settings = options.Value;
        long started = Stopwatch.GetTimestamp();
        try
        {
            Action<string> warn = log.Warned;
            Assistant assistant = Assistant.Load(settings.Folder, settings.Assistant with { Warn = warn + settings.Assistant.Warn },
                cancel: closing.Token);
            log.Loaded(settings.Folder, assistant.Device, Stopwatch.GetElapsedTime(started).TotalSeconds);
            foreach (string notice in assistant.Config.Notices) log.Noticed(notice);
            return assistant;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.NotLoaded(e, settings.Folder);
            throw;
        }
    }
}
