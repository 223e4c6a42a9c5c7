using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>The whole model of random weights on a device: as many language layers as fit, then encode, prefill and decode.</summary>
internal static class GpuReportModel
{
    /// <summary>Kept free: scratch, logits, the driver's own.</summary>
    private const long Reserve = 3L << 29;

    public static ModelResult Measure(ComputeDevice device, StorageType type, GpuReportSizes sizes, CancellationToken cancel)
    {
        int layers = 0;
        BenchmarkResult? encode = null, prefill = null, decode = null;
        var profiles = new List<JobProfile>();
        try
        {
            layers = Layers(device, type, sizes.Config);
            if (layers == 0) return new ModelResult(type, 0, null, null, null, "not even one language layer fits into the device's memory");
            VideoLlavaConfig config = sizes.Config with { Language = sizes.Config.Language with { Layers = layers } };
            using VideoLlava model = VideoLlava.Synthetic(config, type, device,
                new LoadOptions(AvailableMemory: device is CpuDevice ? null : long.MaxValue), cancel);
            var benchmark = new ModelBenchmark(model, sizes.Repetitions);
            encode = benchmark.Encode(cancel);
            prefill = benchmark.Prefill(sizes.Positions, cancel);
            decode = benchmark.Decode(sizes.Tokens, sizes.Positions, cancel);
            profiles.AddRange(Profiles(model, sizes, cancel));
            return Result(null);
        }
        catch (OperationCanceledException)
        {
            return Result("stopped, the time is over");
        }
        catch (Exception e)
        {
            return Result(GpuReportRun.Line(e));
        }

        ModelResult Result(string? failure) => new(type, layers, encode, prefill, decode, failure) { Profiles = profiles };
    }

    /// <summary>Each as soon as it is there: what follows may fail.</summary>
    private static IEnumerable<JobProfile> Profiles(VideoLlava model, GpuReportSizes sizes, CancellationToken cancel)
    {
        var profile = new ModelProfile(model);
        if (profile.Decode(sizes.Positions, cancel) is not { } decode) yield break;
        yield return decode;
        if (profile.Prefill(sizes.Positions, cancel) is { } prefill) yield return prefill;
        if (profile.Encode(cancel) is { } encode) yield return encode;
    }

    /// <summary>Language layers whose weights and KV cache fit; all of them on a processor, where loading checks the memory.</summary>
    private static int Layers(ComputeDevice device, StorageType type, VideoLlavaConfig config)
    {
        if (device is not IlgpuDevice ilgpu) return config.Language.Layers;
        long free = ilgpu.Memory - ilgpu.AllocatedBytes - Reserve, one = Need(ilgpu, type, config, 1), two = Need(ilgpu, type, config, 2);
        return free < one ? 0 : (int)Math.Min(config.Language.Layers, 1 + (free - one) / Math.Max(1, two - one));
    }

    private static long Need(IlgpuDevice device, StorageType type, VideoLlavaConfig config, int layers)
    {
        config = config with { Language = config.Language with { Layers = layers } };
        using Checkpoint checkpoint = SyntheticCheckpoint.Create(config, type, sharedMemory: true);
        return MemoryNeed.Of(checkpoint, config).OnAccelerator
            + 2L * layers * config.Language.Context * config.Language.KeyColumns * device.ActivationType.ElementBytes();
    }
}
