using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Vision;

namespace EdgeVideoLlava.Runtime;

/// <summary>A model's whole forward pass, given to a queue that compiles what it would launch and does nothing: no
/// answer then stops to compile.</summary>
/// <remarks>
/// Which kernels those are is said by the operations themselves, which choose by the device and by the sizes; so these are the sizes that
/// are met: a picture, a clip, pieces of a prompt, steps of one to eight conversations. Scratch is its own and is released.
/// </remarks>
internal static class Rehearsal
{
    /// <summary>Rows of the language part, for each way that a product has: one, few, many, a whole piece of a prompt.</summary>
    private static readonly int[] Rows = [1, 2, VideoLlava.DecodeRows, 2 * VideoLlava.DecodeRows, 64, VideoLlava.PrefillRows];

    /// <exception cref="DeviceFailedException">A kernel does not compile, or there is too little memory for the scratch.</exception>
    public static void Run(ModelParts model)
    {
        using ComputeQueue queue = model.Device.CreateQueue();
        using var arena = new Arena(model.Device);
        queue.Compile(() =>
        {
            if (model.Config.SeesPictures) See(queue, model.ImageTower, model.Projector, arena, frames: 1, isClip: false);
            if (model.Config.SeesClips) See(queue, model.VideoTower, model.Projector, arena, model.Config.ClipFrames, isClip: true);
            Answer(queue, model, arena);
        });
    }

    private static void See(ComputeQueue queue, VisionTower tower, MlpProjector projector, Arena arena, int frames, bool isClip)
    {
        using Arena.Scope scope = arena.Begin();
        int size = tower.Config.ImageSize;
        var pixels = new PixelValues([], frames, size, isClip) { OnDevice = arena.Take(frames * 3 * size, size) };
        using VisionFeatures features = tower.Encode(queue, pixels, arena);
        projector.Forward(queue, features, ProjectorActivations.Take(arena, projector, features.Rows.Rows)).Dispose();
    }

    private static void Answer(ComputeQueue queue, ModelParts model, Arena arena)
    {
        LlamaConfig config = model.Language.Config;
        using LlamaState state = model.Language.CreateState(model.Device);
        using var batch = new LlamaBatch(model.Device);
        using DeviceBuffer ids = model.Device.AllocateInts(VideoLlava.PrefillRows).Buffer;
        foreach (int rows in Rows.Where(rows => rows <= config.Context - state.Length))
        {
            using Arena.Scope scope = arena.Begin();
            int last = Math.Min(rows, VideoLlava.DecodeRows); // a step of several conversations has as many rows of logits
            Matrix embeddings = arena.Take(rows, config.Hidden);
            Matrix hidden = arena.Take(rows, config.Hidden);
            Matrix logits = arena.Take(last, config.Vocabulary);
            var words = new IntVector(ids, 0, rows);
            model.Language.Embed(queue, words, embeddings);
            batch.Clear();
            batch.Add(state, rows);
            model.Language.Forward(queue, embeddings, batch, arena, hidden);
            model.Language.Logits(queue, hidden.RowRange(0, last), arena, logits);
            TopK.Run(queue, logits, config.Vocabulary, words.Range(0, last), arena.Take(last, 1));
            if (model.Device.DrawsTokens) Draw(queue, logits.RowRange(0, 1), words.Range(0, 1), arena.Take(1, 1));
        }
    }

    private static void Draw(ComputeQueue queue, Matrix logits, IntVector id, Matrix score)
    {
        using var sampler = new DeviceSampler(queue.Device, logits.Columns, logits.Columns, k: 1);
        sampler.Give(queue, logits, id, score);
    }
}
