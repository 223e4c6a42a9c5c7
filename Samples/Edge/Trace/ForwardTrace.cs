using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;

namespace EdgeVideoLlava.Edge.Trace;

/// <summary>One forward pass over a prompt, or a left-padded batch of prompts, with every stage kept.</summary>
internal sealed class ForwardTrace(VideoLlava model, int greedy, int endId)
{
    private readonly StageStack stages = new();

    /// <summary>Encodes the visuals, runs every row, continues each greedily (an answer ends after its end token).</summary>
    /// <param name="visuals">In prompt order.</param>
    /// <param name="rows">Ids of each row without padding: markers (original) or expanded placeholders (-hf).</param>
    /// <param name="padding">Left padding of each row; its positions are zero in the trace.</param>
    public TraceFile Run(IReadOnlyList<PixelValues> visuals, IReadOnlyList<int[]> rows, IReadOnlyList<int> padding,
        CancellationToken cancel = default)
    {
        var trace = new TraceFile();
        List<VisionTokens> encoded = [];
        try
        {
            foreach (PixelValues pixels in visuals) encoded.Add(Encode(pixels));
            var unused = new List<VisionTokens>(encoded);
            for (int row = 0; row < rows.Count; row++)
            {
                cancel.ThrowIfCancellationRequested();
                Answer(Merge(rows[row], unused), padding[row], cancel);
            }
            if (unused.Count > 0) throw new BadInputException($"{unused.Count} pictures or clips more than the prompt has places for");
            long[] batch = rows.Count == 1 ? [] : [rows.Count];
            stages.WriteTo(trace, batch);
            return trace;
        }
        finally
        {
            foreach (VisionTokens visual in encoded) visual.Dispose();
        }
    }

    private VisionTokens Encode(PixelValues pixels)
    {
        var stageTrace = new StageTrace(model.VisionQueue, (name, rows, columns, values) =>
        {
            long[] shape = pixels.IsClip ? [pixels.Frames, rows / pixels.Frames, columns] : [rows, columns];
            stages.AddVisual(name, shape, values);
        });
        return model.Encode(pixels, stageTrace);
    }

    /// <summary>The row's prompt with the visuals that it consumes taken off the list.</summary>
    private MergedPrompt Merge(int[] ids, List<VisionTokens> unused)
    {
        VideoLlavaConfig config = model.Config;
        if (config.Variant == ModelVariant.Hf)
        {
            List<VisionTokens> row = [.. Take(false, ids.Count(id => id == config.ImageTokenId)),
                .. Take(true, ids.Count(id => id == config.VideoTokenId))];
            return MergedPrompt.FromPlaceholders(ids, row, config.ImageTokenId!.Value, config.VideoTokenId!.Value,
                config.Language.Vocabulary);
        }
        List<VisionTokens> visuals = [];
        for (int blocks = ids.Count(id => id == MergedPrompt.VisualMarker); blocks > 0 && unused.Count > 0; blocks -= visuals[^1].Blocks)
        {
            visuals.Add(unused[0]);
            unused.RemoveAt(0);
        }
        return MergedPrompt.FromMarkers(ids, visuals, config.Language.Vocabulary);

        List<VisionTokens> Take(bool clips, int rows)
        {
            List<VisionTokens> taken = [];
            for (int i = 0; i < unused.Count && rows > 0;)
            {
                if (unused[i].IsClip != clips)
                {
                    i++;
                    continue;
                }
                taken.Add(unused[i]);
                rows -= unused[i].Rows.Rows;
                unused.RemoveAt(i);
            }
            return taken;
        }
    }

    private void Answer(MergedPrompt prompt, int padding, CancellationToken cancel)
    {
        using LlamaState state = model.CreateState();
        Matrix logits = model.Device.AllocateMatrix(prompt.Length, model.Config.Language.Vocabulary);
        using DeviceBuffer memory = logits.Buffer;
        model.Prefill(prompt, state, logits, new StageTrace(model.LanguageQueue, (name, rows, columns, values) =>
        {
            if (name == "inputs_embeds" || name.StartsWith("llm.")) stages.AddRow(name, padding, rows, columns, values);
        }));
        stages.AddRow("logits", padding, logits.Rows, logits.Columns, model.LanguageQueue.Read(logits));
        if (greedy > 0) stages.AddIds("greedy_ids", Continue(state, logits.RowRange(prompt.Length - 1, 1), cancel));
    }

    private long[] Continue(LlamaState state, Matrix logits, CancellationToken cancel)
    {
        var ids = new List<long>();
        IntVector next = model.Device.AllocateInts(1);
        Matrix score = model.Device.AllocateMatrix(1, 1);
        using DeviceBuffer nextMemory = next.Buffer, scoreMemory = score.Buffer;
        Span<int> id = stackalloc int[1];
        while (true)
        {
            TopK.Run(model.LanguageQueue, logits, logits.Columns, next, score);
            model.LanguageQueue.Read(next, id);
            ids.Add(id[0]);
            if (ids.Count == greedy || id[0] == endId || state.Length == state.Context) break;
            cancel.ThrowIfCancellationRequested();
            model.Decode([state], next, logits);
        }
        return [.. ids];
    }
}
