using EdgeVideoLlava.Runtime;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace EdgeVideoLlava.Extensions;

/// <summary>Whether the model can answer: degraded while it is being loaded, failed when that failed.</summary>
/// <remarks>It loads nothing. A model that nobody has asked for yet is healthy: the first request loads it.</remarks>
public sealed class AssistantHealthCheck(AssistantSource source) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        => Task.FromResult(Result(source.Loading, context));

    private static HealthCheckResult Result(Task<Assistant>? loading, HealthCheckContext context) => loading switch
    {
        null => HealthCheckResult.Healthy("the model is loaded by the first request"),
        { IsCompletedSuccessfully: true } => Loaded(loading.Result, context),
        { IsCompleted: true } => new HealthCheckResult(context.Registration.FailureStatus, "the model could not be loaded",
            loading.Exception?.InnerException),
        _ => HealthCheckResult.Degraded("the model is being loaded"),
    };

    private static HealthCheckResult Loaded(Assistant assistant, HealthCheckContext context)
    {
        try
        {
            return HealthCheckResult.Healthy(assistant.Device);
        }
        catch (ObjectDisposedException e)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, "the model has been disposed", e);
        }
    }
}
