using EdgeVideoLlava.Runtime;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace EdgeVideoLlava.Extensions;

/// <summary>The library as services of a host.</summary>
public static class EdgeVideoLlavaServices
{
    /// <summary>Adds one model: <see cref="AssistantSource"/>, <see cref="Assistant"/>, <see cref="IChatClient"/>,
    /// <see cref="AssistantHealthCheck"/>. It is loaded when first asked for and ends with the container.</summary>
    /// <param name="folder">The checkpoint's.</param>
    public static IServiceCollection AddEdgeVideoLlava(this IServiceCollection services, string folder,
        Action<EdgeVideoLlavaOptions>? configure = null)
        => services.AddEdgeVideoLlava(options =>
        {
            options.Folder = folder;
            configure?.Invoke(options);
        });

    /// <inheritdoc cref="AddEdgeVideoLlava(IServiceCollection, string, Action{EdgeVideoLlavaOptions}?)" path="/summary"/>
    /// <remarks>Resolving <see cref="Assistant"/> blocks while it is loaded; <see cref="AssistantSource.GetAsync"/> does not.</remarks>
    public static IServiceCollection AddEdgeVideoLlava(this IServiceCollection services, Action<EdgeVideoLlavaOptions> configure)
    {
        services.Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<EdgeVideoLlavaOptions>, Validation>());
        services.TryAddSingleton<AssistantSource>();
        services.TryAddSingleton(provider => provider.GetRequiredService<AssistantSource>().GetAsync().GetAwaiter().GetResult());
        services.TryAddSingleton<ChatTelemetry>();
        services.TryAddSingleton<IChatClient, AssistantChatClient>();
        services.TryAddSingleton<AssistantHealthCheck>();
        return services;
    }

    private sealed class Validation : IValidateOptions<EdgeVideoLlavaOptions>
    {
        public ValidateOptionsResult Validate(string? name, EdgeVideoLlavaOptions options)
            => options.Complaint() is { } complaint ? ValidateOptionsResult.Fail(complaint) : ValidateOptionsResult.Success;
    }
}
