using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>The reference files, and their tensors.</summary>
public static class Golden
{
    public static string Repository => ReferenceFiles.Repository;

    /// <summary>The folder of EDGE_REFERENCE_DATA; null where it is absent.</summary>
    public static string? Shared => ReferenceFiles.Shared;

    /// <summary>A file or folder of the golden set, e.g. "original-tiny/checkpoint". Skips the test by name when it is nowhere.</summary>
    public static string Path(string relative) => ReferenceFiles.Golden(relative);

    /// <summary>A third-party file of the reference data, e.g. "images/edge/zero_byte.jpg". Skips the test by name
    /// when it is absent.</summary>
    public static string Data(string relative) => ReferenceFiles.Data(relative);

    internal static SafeTensors Tensors(string relative) => new(Path(relative));
}
