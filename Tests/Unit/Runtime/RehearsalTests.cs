using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime;

/// <summary>What a model needs is compiled when it is loaded: no picture, clip, prompt or step compiles anything afterwards.</summary>
public sealed class RehearsalTests
{
    public static TheoryData<TestDevice, string, StorageType?, StorageType?> Loaded => new()
    {
        { TestDevice.OpenCl, "original-tiny", null, StorageType.I8 },
        { TestDevice.OpenClHalf, "hf-tiny", StorageType.Q8_0, null },
        { TestDevice.OpenClPortable, "hf-tiny", StorageType.Q4_0, null },
        { TestDevice.OpenClPortableHalf, "original-tiny", null, StorageType.I8 },
        { TestDevice.CudaHalf, "original-tiny", StorageType.Q4_0, null },
    };

    [Theory, MemberData(nameof(Loaded))]
    public void Nothing_is_compiled_after_loading(TestDevice device, string name, StorageType? weights, StorageType? cache)
    {
        _ = TestDevices.Get(device); // skips by name where there is none
        using var accelerator = (IlgpuDevice)TestDevices.Open(device);
        using (VideoLlava model = VideoLlava.Load(Golden.Path($"{name}/checkpoint"), accelerator,
            new LoadOptions(LanguageWeights: weights, KvCache: cache)))
        {
            int compiled = accelerator.Kernels.Compiled;
            Assert.InRange(compiled, 12, 40); // of about a hundred
            using VisionTokens picture = model.Encode(Pixels(model, 1, isClip: false)),
            clip = model.Encode(Pixels(model, model.Config.ClipFrames, isClip: true));
            foreach (int length in new[] { 1, 2, 3, 5, 8, 9, 16, 17, 32, 33, 40, 65, 130, 700 }) Answer(model, length);
            Together(model);
            Assert.Equal(compiled, accelerator.Kernels.Compiled);
        }
        accelerator.AssertEmpty();
    }

    private static PixelValues Pixels(VideoLlava model, int frames, bool isClip)
    {
        int size = model.Config.ImageTower.ImageSize;
        return new PixelValues(new float[frames * 3 * size * size], frames, size, isClip);
    }

    /// <summary>A prompt and a few tokens, greedily and, where the device draws, by sampling; each twice, so that
    /// steps are recorded.</summary>
    private static void Answer(VideoLlava model, int length)
    {
        int vocabulary = model.Config.Language.Vocabulary;
        using LlamaState state = model.CreateState();
        Prefill(model, state, length);
        foreach (SamplingOptions? sampling in new[] { null, model.Device.DrawsTokens ? new SamplingOptions { Temperature = 1, TopK = 20 }
            : null })
        {
            using var row = new DecodeRow(model, state, vocabulary);
            if (sampling != null) row.Begin(sampling, [3, 4]);
            using var loop = new DecodeLoop(model);
            for (int i = 0; i < 2; i++) loop.Run([row], [3], new int[loop.Steps]);
        }
    }

    /// <summary>One to eight conversations in a step.</summary>
    private static void Together(VideoLlava model)
    {
        LlamaState[] states = [.. Enumerable.Range(0, VideoLlava.DecodeRows).Select(_ => model.CreateState())];
        for (int i = 0; i < states.Length; i++) Prefill(model, states[i], 3 + i);
        for (int count = 1; count <= states.Length; count++)
        {
            IntVector next = model.Device.AllocateInts(count);
            Matrix logits = model.Device.AllocateMatrix(count, model.Config.Language.Vocabulary);
            using DeviceBuffer ids = next.Buffer, memory = logits.Buffer;
            model.LanguageQueue.Write(new int[count], next);
            model.Decode(states.AsSpan(0, count), next, logits);
        }
        foreach (LlamaState state in states) state.Dispose();
    }

    private static void Prefill(VideoLlava model, LlamaState state, int length)
    {
        Matrix logits = model.Device.AllocateMatrix(1, model.Config.Language.Vocabulary);
        using DeviceBuffer memory = logits.Buffer;
        model.Prefill(MergedPrompt.FromMarkers(new int[length], [], model.Config.Language.Vocabulary), state, logits);
    }
}
