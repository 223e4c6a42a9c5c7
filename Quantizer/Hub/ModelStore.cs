namespace EdgeVideoLlava.Quantizer.Hub;

/// <summary>Where fetched models lie: $EDGE_MODELS, else the user's cache, in OWNER/NAME.</summary>
public static class ModelStore
{
    /// <summary>The folder of all.</summary>
    public static string Root => Environment.GetEnvironmentVariable("EDGE_MODELS") is { Length: > 0 } given ? given
        : Path.Combine(Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "edge-video-llava");

    /// <summary>Folder of a repository's model.</summary>
    public static string FolderOf(string name) => Path.Combine(Root, name);

    /// <summary>A fetched model's folder for its name; anything else, and a path that exists, is itself.</summary>
    public static string Resolve(string model)
        => !Path.Exists(model) && HubRepository.IsName(model) && Directory.Exists(FolderOf(model)) ? FolderOf(model) : model;
}
