using EdgeVideoLlava.Kernels.Checks;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Language;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>Decode steps that are given as recorded work choose the ids that steps given one by one choose.</summary>
internal static class DecodeCheck
{
    private const int Steps = 4, Rounds = 5;

    public static DeviceCheck Of(IlgpuDevice device) => new("decode steps, recorded and one by one", () =>
    {
        VideoLlavaConfig config = GpuReportSizes.Small.Config;
        using VideoLlava model = VideoLlava.Synthetic(config, StorageType.Q8_0, device, new LoadOptions(AvailableMemory: long.MaxValue));
        using LlamaState state = model.CreateState(), other = model.CreateState();
        using var row = new DecodeRow(model, state, config.Language.Vocabulary);
        using var loop = new DecodeLoop(model, Steps);
        int[] recorded = new int[Rounds * Steps];
        bool oneCall = false;
        for (int round = 0, id = 1; round < Rounds; round++)
        {
            loop.Run([row], [id], recorded.AsSpan(round * Steps, Steps));
            id = recorded[round * Steps + Steps - 1];
            oneCall |= loop.IsOneCall;
        }
        int[] direct = Direct(model, other, recorded.Length);
        int different = Enumerable.Range(0, direct.Length).FirstOrDefault(i => direct[i] != recorded[i], -1);
        return different >= 0 ? $"token {different} is {recorded[different]} recorded, {direct[different]} one by one"
            : device.IsCuda && !oneCall ? "the driver made no graph of the steps; they were given one by one"
            : null;
    });

    private static int[] Direct(VideoLlava model, LlamaState state, int count)
    {
        ComputeQueue queue = model.LanguageQueue;
        Matrix logits = model.Device.AllocateMatrix(1, model.Config.Language.Vocabulary), score = model.Device.AllocateMatrix(1, 1);
        IntVector id = model.Device.AllocateInts(1);
        using DeviceBuffer first = logits.Buffer, second = score.Buffer, third = id.Buffer;
        int[] ids = new int[count];
        queue.Write([1], id);
        for (int i = 0; i < count; i++)
        {
            model.Decode([state], id, logits);
            TopK.Run(queue, logits, logits.Columns, id, score);
            queue.Read(id, ids.AsSpan(i, 1));
        }
        return ids;
    }
}
