using EdgeVideoLlava.Runtime.Generation;
using Microsoft.Extensions.Logging;

namespace EdgeVideoLlava.Extensions;

/// <summary>Every line that is logged.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "loaded {Folder} on {Device} in {Seconds:F1} s")]
    public static partial void Loaded(this ILogger log, string folder, string device, double seconds);

    [LoggerMessage(2, LogLevel.Error, "{Folder} could not be loaded; the next request tries again")]
    public static partial void NotLoaded(this ILogger log, Exception why, string folder);

    [LoggerMessage(3, LogLevel.Information, "{Notice}")]
    public static partial void Noticed(this ILogger log, string notice);

    [LoggerMessage(4, LogLevel.Warning, "{Warning}")]
    public static partial void Warned(this ILogger log, string warning);

    [LoggerMessage(5, LogLevel.Information,
        "answered with {OutputTokens} tokens to {InputTokens}, the first after {FirstSeconds:F2} s of {Seconds:F2} s; ended by {Stop}")]
    public static partial void Answered(this ILogger log, int outputTokens, int inputTokens, double firstSeconds, double seconds,
        StopReason stop);
}
