using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Vision;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>Times the kernels of a loaded model's encode, prefill and decode step, each after a run to warm up, on random input.</summary>
/// <remarks>Null where the device has no launches to time. The device was opened with <see cref="DeviceOptions.TimesLaunches"/>.</remarks>
internal sealed class ModelProfile(VideoLlava model)
{
    private readonly BenchmarkInput input = new(model.Config);

    private StorageType Activation => model.Device.ActivationType;

    /// <summary>A clip through video tower and projector.</summary>
    public JobProfile? Encode(CancellationToken cancel = default)
    {
        PixelValues pixels = input.Pixels();
        return Run($"encode {pixels.Frames} frames", model.VisionQueue, EncodeAttention(), cancel, () =>
        {
            using VisionTokens tokens = model.Encode(pixels);
        });
    }

    /// <summary>Prefill of an empty conversation.</summary>
    public JobProfile? Prefill(int positions, CancellationToken cancel = default)
    {
        using LlamaState state = model.CreateState();
        Matrix logits = model.Device.AllocateMatrix(1, model.Config.Language.Vocabulary);
        using DeviceBuffer memory = logits.Buffer;
        MergedPrompt prompt = input.Prompt(positions);
        return Run($"prefill of {positions}", model.LanguageQueue, LanguageAttention(positions, positions), cancel, () =>
        {
            state.Truncate(0);
            model.Prefill(prompt, state, logits);
        });
    }

    /// <summary>One greedy step.</summary>
    /// <param name="start">Positions that the conversation has already.</param>
    public JobProfile? Decode(int start, CancellationToken cancel = default)
    {
        using LlamaState state = model.CreateState();
        Matrix logits = model.Device.AllocateMatrix(1, model.Config.Language.Vocabulary);
        using DeviceBuffer memory = logits.Buffer;
        if (start > 0) model.Prefill(input.Prompt(start), state, logits, cancel: cancel);
        // Of the two steps it could take at once only one is ever asked for: so none is recorded.
        using var row = new DecodeRow(model, state, model.Config.Language.Vocabulary);
        using var loop = new DecodeLoop(model, steps: 2);
        var next = new int[1];
        return Run($"decode after {start}", model.LanguageQueue, LanguageAttention(1, start + 1), cancel, () =>
        {
            state.Truncate(start);
            loop.Run([row], [1], next);
        });
    }

    private static JobProfile? Run(string job, ComputeQueue queue, KernelCost attention, CancellationToken cancel, Action give)
    {
        if (queue.Device is CpuDevice) return null;
        give();
        cancel.ThrowIfCancellationRequested();
        return queue.Profile(give) is { } kernels ? JobProfile.Of(job, kernels, attention) : null;
    }

    private KernelCost LanguageAttention(int rows, int positions)
    {
        LlamaConfig config = model.Config.Language;
        return KernelCost.CausalAttention(rows, positions, config, Activation, model.Language.CacheType).Times(config.Layers);
    }

    private KernelCost EncodeAttention()
    {
        VisionConfig tower = model.Config.VideoTower;
        int frames = model.Config.ClipFrames;
        KernelCost layer = KernelCost.FullAttention(SequenceLayout.Spatial(frames, tower.Positions), tower.Hidden, Activation);
        if (tower.TemporalFrames > 0)
            layer = layer.Plus(KernelCost.FullAttention(SequenceLayout.Temporal(frames / tower.TemporalFrames, tower.TemporalFrames,
                tower.Positions), tower.Hidden, Activation));
        return layer.Times(tower.FeatureLayers);
    }
}
