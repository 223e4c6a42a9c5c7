using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime;

/// <summary>From a file to scores without the host waiting in between: frames, towers and language have a queue each,
/// and wait for each other.</summary>
public sealed class VisionQueueTests
{
    private static readonly string Shapes = Path.Combine(Golden.Repository, "Samples/ShapesWorld");

    [Theory, InlineData(TestDevice.Cpu), InlineData(TestDevice.OpenCl), InlineData(TestDevice.OpenClPortable), InlineData(TestDevice.Cuda)]
    public void The_language_part_waits_for_the_towers_and_they_for_the_frames(TestDevice name)
    {
        _ = TestDevices.Get(name); // skips where there is none
        using ComputeDevice device = TestDevices.Open(name);
        using (Assistant assistant = Assistant.Load($"{Shapes}/model", device))
        using (PixelValues other = assistant.Look($"{Shapes}/clips/clip_01.mp4"))
        {
            float[] expected;
            using (PixelValues pixels = assistant.Look($"{Shapes}/clips/clip_00.mp4"))
            using (VisionTokens waitedFor = assistant.Encode(pixels).Tokens) expected = Scores(assistant.Model, waitedFor);
            for (int round = 0; round < 3; round++)
            {
                // so that the towers are late
                VisionTokens[] before = [.. Enumerable.Range(0, 4).Select(_ => assistant.Model.Encode(other))];
                VisionTokens tokens;
                using (PixelValues pixels = assistant.Look($"{Shapes}/clips/clip_00.mp4")) tokens = assistant.Model.Encode(pixels);
                Assert.Equal(expected, Scores(assistant.Model, tokens));
                foreach (VisionTokens released in (VisionTokens[])[tokens, .. before]) released.Dispose();
            }
        }
        if (device is IlgpuDevice ilgpu) ilgpu.AssertEmpty();
    }

    private static float[] Scores(VideoLlava model, VisionTokens tokens)
    {
        using LlamaState state = model.CreateState();
        Matrix logits = model.Device.AllocateMatrix(1, model.Config.Language.Vocabulary);
        using DeviceBuffer memory = logits.Buffer;
        int[] ids = [1, .. Enumerable.Repeat(MergedPrompt.VisualMarker, tokens.Blocks), 5, 6, 7];
        model.Prefill(MergedPrompt.FromMarkers(ids, [tokens], model.Config.Language.Vocabulary), state, logits);
        return model.LanguageQueue.Read(logits);
    }
}
