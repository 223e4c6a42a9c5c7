using System.Collections.Concurrent;
using EdgeVideoLlava.Runtime;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>Golden models, loaded once for each device.</summary>
public static class Models
{
    private static readonly ConcurrentDictionary<(string, TestDevice), Lazy<VideoLlava>> Loaded = new();

    /// <summary>A model for tests that only read it.</summary>
    internal static VideoLlava Get(string folder, TestDevice device)
        => Loaded.GetOrAdd((folder, device), key => new Lazy<VideoLlava>(()
        => VideoLlava.Load(key.Item1, TestDevices.Get(key.Item2), new LoadOptions(AllVisionLayers: true)))).Value;
}
