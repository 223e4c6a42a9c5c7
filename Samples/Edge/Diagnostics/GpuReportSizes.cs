using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>The sizes of a report: the real model's on a GPU, small ones on a processor, where only the way through
/// is of interest.</summary>
internal sealed record GpuReportSizes
{
    /// <summary>The model, with all its layers.</summary>
    public required VideoLlavaConfig Config { get; init; }

    /// <summary>Of the prompt: eight frames of 257 rows and 54 words.</summary>
    public required int Positions { get; init; }

    /// <summary>Tokens of the decode test.</summary>
    public required int Tokens { get; init; }

    /// <summary>Bytes that the large copy reads, and again writes.</summary>
    public required long CopyBytes { get; init; }

    /// <summary>Bytes of weights that take turns in a kernel's test.</summary>
    public required long RotatedBytes { get; init; }

    /// <summary>A batch of launches takes at least this long.</summary>
    public required TimeSpan Batch { get; init; }

    /// <summary>Repetitions of the whole model's tests.</summary>
    public required int Repetitions { get; init; }

    /// <summary>Types of the kernels' weights.</summary>
    public required IReadOnlyList<StorageType> Types { get; init; }

    public static GpuReportSizes Real { get; } = new()
    {
        Config = SyntheticCheckpoint.Video7B(32),
        Positions = 2110,
        Tokens = 64,
        CopyBytes = 1L << 30,
        RotatedBytes = 256L << 20, // several times the caches of the largest GPUs
        Batch = TimeSpan.FromMilliseconds(20),
        Repetitions = 3,
        Types = [StorageType.F16, StorageType.Q8_0, StorageType.Q6_K, StorageType.Q5_0, StorageType.Q5_1, StorageType.Q4_0,
        StorageType.Q4_1, StorageType.Q4_K],
    };

    public static GpuReportSizes Small { get; } = Real with
    {
        Config = SmallModel(Real.Config),
        Positions = 35,
        Tokens = 8,
        CopyBytes = 4L << 20,
        RotatedBytes = 0,
        Batch = TimeSpan.FromMilliseconds(1),
        Repetitions = 1,
        Types = [StorageType.F16, StorageType.Q8_0, StorageType.Q4_0, StorageType.Q4_K],
    };

    private static VideoLlavaConfig SmallModel(VideoLlavaConfig real)
    {
        var tower = real.VideoTower with { Layers = 2, FeatureLayers = 1, Hidden = 128, Heads = 2, FeedForward = 256, Positions = 5 };
        return real with
        {
            VideoTower = tower,
            ImageTower = tower with { TemporalFrames = 0 },
            Language = real.Language with
            {
                Layers = 2,
                Hidden = 256,
                FeedForward = 512,
                Heads = 2,
                KeyValueHeads = 2,
                Vocabulary = 500,
                Context = 256
            },
        };
    }
}
