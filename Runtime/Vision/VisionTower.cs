using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Embedding;
using EdgeVideoLlava.Kernels.Norm;
using EdgeVideoLlava.Runtime.Preprocess;

namespace EdgeVideoLlava.Runtime.Vision;

/// <summary>f_V: a ViT (CLIP vision model), with temporal attention in the original video tower.</summary>
/// <remarks>Weights are immutable and shared. A tower is used by one thread at a time, with the queue and the arena it is given.</remarks>
internal sealed partial class VisionTower(VisionConfig config, VisionTowerWeights weights)
{
    public VisionConfig Config { get; } = config;

    /// <summary>One picture or clip to features: hidden_states[-2], without the class embedding for a picture, with
    /// it for a clip.</summary>
    /// <param name="trace">Given, all layers that are loaded run, also the last, which the features do not need.</param>
    /// <exception cref="BadInputException">The frames are not a multiple of those that temporal attention needs, or the
    /// size is wrong.</exception>
    public VisionFeatures Encode(ComputeQueue queue, PixelValues pixels, Arena arena, StageTrace? trace = null,
        CancellationToken cancel = default)
    {
        Check(pixels);
        int rows = pixels.Frames * Config.Positions;
        using Arena.Scope scope = arena.Begin();
        Matrix input = pixels.OnDevice ?? arena.Take(pixels.Frames * 3 * pixels.Size, pixels.Size);
        Matrix embedded = arena.Take(rows, Config.Hidden);
        Matrix x = arena.Take(rows, Config.Hidden), y = arena.Take(rows, Config.Hidden);
        VisionActivations recycled = VisionActivations.Take(arena, Config, rows);

        if (pixels.OnDevice == null) queue.Write(pixels.Values, input);
        if (pixels.MadeBy != null) queue.WaitFor(pixels.MadeBy);
        Embed(queue, input, embedded, x);
        trace?.Record("hidden_states.0", x);
        VisionFeatures? features = null;
        int last = trace == null ? Config.FeatureLayers : weights.Blocks.Count;
        for (int layer = 0; layer < last; layer++)
        {
            cancel.ThrowIfCancellationRequested();
            VisionBlock.Forward(queue, Config, weights.Blocks[layer], x, recycled, y);
            (x, y) = (y, x);
            trace?.Record($"hidden_states.{layer + 1}", x);
            if (layer + 1 == Config.FeatureLayers) features = Select(queue, x, pixels);
        }
        return features ?? Select(queue, x, pixels);
    }

    /// <summary>The same with everything kept that a backward needs, through as many layers as the tape has.</summary>
    /// <param name="tape">Of as many frames.</param>
    /// <exception cref="BadInputException">As above.</exception>
    public VisionFeatures Encode(ComputeQueue queue, PixelValues pixels, VisionTape tape)
    {
        Forward(queue, pixels, tape);
        return Select(queue, tape.Hidden[Config.FeatureLayers], pixels);
    }

    /// <summary>The same as far as the last layer of the tape, without features.</summary>
    public void Forward(ComputeQueue queue, PixelValues pixels, VisionTape tape)
    {
        Check(pixels);
        if (pixels.MadeBy != null) queue.WaitFor(pixels.MadeBy);
        if (pixels.OnDevice is { } made) CopyRows.Run(queue, made, tape.Pixels);
        else queue.Write(pixels.Values, tape.Pixels);
        PatchEmbedding.Run(queue, tape.Pixels, weights.Patch, weights.Class, weights.Position, Config.Patch, tape.Embedded);
        if (tape.Kept is { } kept) GatherRows.Run(queue, tape.Embedded, kept.Rows, kept.Values);
        LayerNorm.Run(queue, tape.Kept?.Values ?? tape.Embedded, weights.PreNormWeight, weights.PreNormBias, Config.LayerNormEpsilon,
            tape.Hidden[0], tape.PreNormStatistics);
        for (int layer = 0; layer < tape.Layers.Count; layer++) Layer(queue, tape, layer);
    }

    /// <summary>One layer from its input on the tape: in a forward, and again before its backward where layers share activations.</summary>
    public void Layer(ComputeQueue queue, VisionTape tape, int layer)
        => VisionBlock.Forward(queue, Seen(tape), weights.Blocks[layer], tape.Hidden[layer], tape.Layers[layer], tape.Hidden[layer + 1]);

    /// <summary>The sizes with as many positions as were kept.</summary>
    private VisionConfig Seen(VisionTape tape) => tape.Kept == null ? Config : Config with { Positions = tape.Kept.Positions };

    /// <summary>Pixels to hidden_states[0].</summary>
    private void Embed(ComputeQueue queue, Matrix pixels, Matrix embedded, Matrix x)
    {
        PatchEmbedding.Run(queue, pixels, weights.Patch, weights.Class, weights.Position, Config.Patch, embedded);
        LayerNorm.Run(queue, embedded, weights.PreNormWeight, weights.PreNormBias, Config.LayerNormEpsilon, x);
    }

    /// <summary>Copies the features out of the scratch. A picture's rows lose the class embedding, a clip's keep it.</summary>
    private VisionFeatures Select(ComputeQueue queue, Matrix states, PixelValues pixels)
    {
        int skip = pixels.IsClip ? 0 : 1, kept = Config.Positions - skip;
        Matrix rows = queue.Device.AllocateMatrix(pixels.Frames * kept, Config.Hidden);
        for (int frame = 0; frame < pixels.Frames; frame++)
            CopyRows.Run(queue, states.RowRange(frame * Config.Positions + skip, kept), rows.RowRange(frame * kept, kept));
        return new VisionFeatures(rows, pixels.Frames, kept, pixels.IsClip);
    }

    private void Check(PixelValues pixels)
    {
        long values = pixels.OnDevice is { } made ? (long)made.Rows * made.Columns : pixels.Values.Length;
        if (pixels.Size != Config.ImageSize || values != (long)pixels.Frames * 3 * pixels.Size * pixels.Size)
            throw new BadInputException(
                $"the tower takes pictures of {Config.ImageSize} pixels a side, got {pixels.Size} ({values} values for {pixels.Frames} "
                + "frames)");
        if (Config.TemporalFrames > 0 && (pixels.Frames == 0 || pixels.Frames % Config.TemporalFrames != 0))
            throw new BadInputException(
                $"the video tower looks at {Config.TemporalFrames} frames together, got {pixels.Frames}; give a multiple of "
                + $"{Config.TemporalFrames}");
    }
}
