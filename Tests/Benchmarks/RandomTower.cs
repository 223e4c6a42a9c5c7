using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Vision;

namespace EdgeVideoLlava.Tests.Benchmarks;

/// <summary>The original video tower at its real size (ViT-L/14, 224 pixels, 8 frames, temporal attention) with random weights.</summary>
internal sealed unsafe class RandomTower(ComputeDevice device, StorageType type)
{
    private readonly Random random = new(1);
    private readonly ComputeQueue queue = device.CreateQueue();
    private readonly Arena arena = new(device);
    private VisionTower? tower;

    public static VisionConfig Config { get; } = new()
    {
        Layers = 24,
        Hidden = 1024,
        Heads = 16,
        FeedForward = 4096,
        Patch = 14,
        Positions = 257,
        LayerNormEpsilon = 1e-5f,
        Activation = Activation.Gelu,
        TemporalFrames = 8,
        FeatureLayers = 23,
    };

    /// <summary>Operations of the products of one encoding: linear layers and both attentions.</summary>
    public static double Flops
    {
        get
        {
            double rows = 8 * Config.Positions, d = Config.Hidden, f = Config.FeedForward;
            double linears = 2 * rows * d * (2 * 4 * d + 2 * f), attention = 4 * rows * d * (Config.Positions + Config.TemporalFrames);
            return Config.FeatureLayers * (linears + attention) + 2 * rows * d * 3 * Config.Patch * Config.Patch;
        }
    }

    /// <summary>Encodes one clip of noise and waits for it.</summary>
    public void Encode()
    {
        tower ??= Make();
        VisionFeatures features = tower.Encode(queue, clip ??= Clip(), arena);
        Span<float> one = stackalloc float[1];
        queue.Read(features.Rows.RowRange(0, 1).ColumnRange(0, 1), one);
        if (!float.IsFinite(one[0])) throw new InvalidOperationException("the tower's features are not finite");
        features.Rows.Buffer.Dispose();
    }

    private PixelValues? clip;

    private PixelValues Clip() => new([.. Enumerable.Range(0, 8 * 3 * 224 * 224).Select(_ => random.NextSingle() - 0.5f)], 8, 224, IsClip: true);

    private VisionTower Make()
    {
        int d = Config.Hidden, f = Config.FeedForward;
        var blocks = new VisionBlockWeights[Config.FeatureLayers];
        for (int i = 0; i < blocks.Length; i++)
        {
            blocks[i] = new VisionBlockWeights(Matrix(8, d), Attention(), Attention(), Matrix(1, d, 1), Matrix(1, d), Weight(f, d), Matrix(1, f), Weight(d, f), Matrix(1, d));
        }
        return new VisionTower(Config, new VisionTowerWeights(Weight(d, 3 * 14 * 14), Matrix(1, d), Matrix(Config.Positions, d), Matrix(1, d, 1), Matrix(1, d), blocks));
    }

    private VisionAttentionWeights Attention()
    {
        int d = Config.Hidden;
        return new VisionAttentionWeights(Matrix(1, d, 1), Matrix(1, d), Weight(3 * d, d), Matrix(1, 3 * d), Weight(d, d), Matrix(1, d));
    }

    private Matrix Matrix(int rows, int columns, float center = 0)
    {
        Matrix matrix = device.AllocateMatrix(rows, columns);
        queue.Write([.. Enumerable.Range(0, rows * columns).Select(_ => center + 0.02f * (random.NextSingle() - 0.5f))], matrix);
        return matrix;
    }

    private Weight Weight(int rows, int columns)
    {
        long count = (long)rows * columns;
        void* memory = NativeMemory.AlignedAlloc((nuint)type.Bytes(count), 64);
        for (long i = 0; i < count; i++)
        {
            float value = 0.06f * (random.NextSingle() - 0.5f);
            if (type == StorageType.F32) ((float*)memory)[i] = value;
            else ((Half*)memory)[i] = (Half)value;
        }
        return device.LoadWeight("random", type, columns, new HostRows((nint)memory, rows));
    }
}
