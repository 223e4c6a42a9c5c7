using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Vision;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Runtime.Loading;

/// <summary>Random weights of the real model's shapes in memory: speed can be measured without a download. What it says means nothing.</summary>
public static unsafe class SyntheticCheckpoint
{
    /// <summary>Video-LLaVA-7B, original layout, with so many of its 32 language layers.</summary>
    public static VideoLlavaConfig Video7B(int languageLayers)
    {
        var image = new VisionConfig
        {
            Layers = 24,
            Hidden = 1024,
            Heads = 16,
            FeedForward = 4096,
            Patch = 14,
            Positions = 257,
            LayerNormEpsilon = 1e-5f,
            Activation = Activation.Gelu,
            TemporalFrames = 0,
            FeatureLayers = 23,
        };
        return new VideoLlavaConfig
        {
            Variant = ModelVariant.Original,
            ImageTower = image,
            VideoTower = image with { TemporalFrames = 8 },
            Language = new LlamaConfig
            {
                Layers = languageLayers,
                Hidden = 4096,
                FeedForward = 11008,
                Heads = 32,
                KeyValueHeads = 32,
                HeadSize = 128,
                Vocabulary = 32000,
                Context = 4096,
                RmsEpsilon = 1e-5f,
                RopeTheta = 10000,
                TiedHead = false,
            },
            ClipFrames = 8,
            PadPictures = true,
            EndTokenId = 2,
        };
    }

    /// <summary>All tensors of a config, filled with small random numbers of a 16- or 32-bit type.</summary>
    public static Checkpoint Create(VideoLlavaConfig config, StorageType type)
    {
        var tensors = new Dictionary<string, HostTensor>();
        var blocks = new MemoryBlocks();
        foreach ((string name, long[] shape) in ExpectedTensors.All(config))
        {
            long elements = shape.Aggregate(1L, (product, size) => product * size);
            nint address = blocks.Allocate(type.Bytes(elements));
            Fill((byte*)address, type, elements);
            tensors.Add(name, new HostTensor(name, type, shape, address));
        }
        return new Checkpoint($"synthetic {type}", tensors, blocks);
    }

    /// <summary>A fast generator over the whole block: xorshift, mapped to about ±0.03.</summary>
    private static void Fill(byte* target, StorageType type, long elements)
    {
        ulong state = 0x9E3779B97F4A7C15 ^ (ulong)elements;
        for (long i = 0; i < elements; i++)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            float value = ((int)(state >> 40) - (1 << 23)) * (0.03f / (1 << 23));
            switch (type)
            {
                case StorageType.F16: ((Half*)target)[i] = (Half)value; break;
                case StorageType.BF16: ((ushort*)target)[i] = (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16); break;
                default: ((float*)target)[i] = value; break;
            }
        }
    }

    private sealed class MemoryBlocks : IDisposable
    {
        private readonly List<nint> blocks = [];

        public nint Allocate(long bytes)
        {
            var block = (nint)NativeMemory.AlignedAlloc((nuint)bytes, 64);
            blocks.Add(block);
            return block;
        }

        public void Dispose()
        {
            foreach (nint block in blocks) NativeMemory.AlignedFree((void*)block);
            blocks.Clear();
        }
    }
}
