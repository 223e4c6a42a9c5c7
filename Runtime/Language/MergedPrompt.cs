using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Runtime.Projector;

namespace EdgeVideoLlava.Runtime.Language;

/// <summary>A prompt at its full length: every position is a token id or one row of a picture's or clip's tokens.</summary>
/// <remarks>Positions count visual rows too (prepare_inputs_labels_for_multimodal of the original, masked_scatter of -hf).</remarks>
internal sealed class MergedPrompt
{
    /// <summary>Marks one block of visual rows in the ids of an original prompt (IMAGE_TOKEN_INDEX).</summary>
    public const int VisualMarker = -200;

    private readonly List<int> ids = [];
    private readonly List<(VisionTokens? Tokens, int Row)> sources = [];
    private readonly int vocabulary;

    private MergedPrompt(int vocabulary) => this.vocabulary = vocabulary;

    public int Length => ids.Count;

    /// <summary>Token id of a position, <see cref="VisualMarker"/> where a visual row stands.</summary>
    public IReadOnlyList<int> Ids => ids;

    /// <summary>The same list, which grows as ids are appended.</summary>
    internal List<int> History => ids;

    internal ReadOnlySpan<int> IdSpan => CollectionsMarshal.AsSpan(ids);

    /// <summary>Original layout: each marker takes the next block (a picture, or a frame of a clip) in prompt order.</summary>
    /// <exception cref="BadInputException">Markers and blocks do not match, or an id is outside the vocabulary.</exception>
    public static MergedPrompt FromMarkers(IReadOnlyList<int> ids, IReadOnlyList<VisionTokens> visuals, int vocabulary)
    {
        var blocks = visuals.SelectMany(tokens => Enumerable.Range(0, tokens.Blocks).Select(block => (Tokens: tokens, Block: block)))
            .ToList();
        int markers = ids.Count(id => id == VisualMarker);
        if (markers != blocks.Count)
            throw new BadInputException(
                $"the prompt has {markers} visual markers, the pictures and clips give {blocks.Count} blocks (1 a picture, 1 a frame of a "
                + "clip)");
        var prompt = new MergedPrompt(vocabulary);
        int next = 0;
        foreach (int id in ids)
        {
            if (id != VisualMarker)
            {
                prompt.AddText(id);
                continue;
            }
            (VisionTokens tokens, int block) = blocks[next++];
            for (int row = 0; row < tokens.RowsPerBlock; row++) prompt.AddVisual(tokens, block * tokens.RowsPerBlock + row);
        }
        return prompt;
    }

    /// <summary>-hf layout, already expanded: image ids take the pictures' rows in order, video ids the clips' rows.</summary>
    /// <exception cref="BadInputException">Placeholders and rows do not match, or an id is outside the vocabulary.</exception>
    public static MergedPrompt FromPlaceholders(IReadOnlyList<int> ids, IReadOnlyList<VisionTokens> visuals, int imageId, int videoId,
        int vocabulary)
    {
        var pictures = new RowStream(visuals.Where(tokens => !tokens.IsClip));
        var clips = new RowStream(visuals.Where(tokens => tokens.IsClip));
        pictures.Expect(ids.Count(id => id == imageId), "<image>");
        clips.Expect(ids.Count(id => id == videoId), "<video>");
        var prompt = new MergedPrompt(vocabulary);
        foreach (int id in ids)
        {
            if (id == imageId) prompt.AddVisual(pictures.Next());
            else if (id == videoId) prompt.AddVisual(clips.Next());
            else prompt.AddText(id);
        }
        return prompt;
    }

    /// <summary>Appends a generated or teacher-forced id.</summary>
    /// <exception cref="BadInputException">It is outside the vocabulary.</exception>
    public void Append(int id) => AddText(id);

    /// <summary>The first positions only (tokenizer_model_max_length of the reference).</summary>
    public void Truncate(int length)
    {
        if (length >= Length) return;
        ids.RemoveRange(length, Length - length);
        sources.RemoveRange(length, sources.Count - length);
    }

    /// <summary>How many leading positions are the same in both: the same ids, and the same rows of the same encoded visuals.</summary>
    public int CommonPrefix(MergedPrompt other)
    {
        int at = 0, end = Math.Min(Length, other.Length);
        while (at < end && ids[at] == other.ids[at] && sources[at].Row == other.sources[at].Row
            && ReferenceEquals(sources[at].Tokens, other.sources[at].Tokens)) at++;
        return at;
    }

    /// <summary>Embeddings of positions start..start+count-1: words from the table, visual rows copied; target (count, D).</summary>
    public void Embed(ComputeQueue queue, Llama language, int start, int count, Matrix target)
    {
        foreach (PromptRun run in Runs(start, count))
        {
            Matrix rows = target.RowRange(run.Start - start, run.Count);
            if (run.Visual != null) EmbedVisual(queue, run.Visual, run.Row, rows);
            else EmbedText(queue, language, run.Start, run.Count, rows);
        }
    }

    /// <summary>Where the rows of positions start..start+count-1 come from, in order.</summary>
    /// <remarks>
    /// So <see cref="Embed"/> gathers, and so a gradient goes back.
    /// A word may stand at several positions, and a visual given twice has its rows twice: their gradients add up. A visual's rows that a
    /// truncation cut off have none.
    /// </remarks>
    public IEnumerable<PromptRun> Runs(int start, int count)
    {
        for (int at = start; at < start + count;)
        {
            int length = RunLength(at, start + count);
            yield return new PromptRun(at, length, sources[at].Tokens, sources[at].Row);
            at += length;
        }
    }

    private static void EmbedVisual(ComputeQueue queue, VisionTokens tokens, int row, Matrix rows)
    {
        tokens.Await(queue);
        CopyRows.Run(queue, tokens.Rows.RowRange(row, rows.Rows), rows);
    }

    private void EmbedText(ComputeQueue queue, Llama language, int start, int count, Matrix rows)
    {
        IntVector device = queue.Device.AllocateInts(count);
        using DeviceBuffer memory = device.Buffer;
        queue.Write(IdSpan.Slice(start, count), device);
        language.Embed(queue, device, rows);
    }

    /// <summary>Positions from <paramref name="at"/> on that are all text, or consecutive rows of one visual.</summary>
    private int RunLength(int at, int end)
    {
        int run = 1;
        while (at + run < end && ReferenceEquals(sources[at + run].Tokens, sources[at].Tokens)
            && (sources[at].Tokens == null || sources[at + run].Row == sources[at].Row + run)) run++;
        return run;
    }

    private void AddText(int id)
    {
        if ((uint)id >= (uint)vocabulary)
            throw new BadInputException(
                $"token id {id} is outside the model's vocabulary of {vocabulary} rows; the tokenizer belongs to another checkpoint");
        ids.Add(id);
        sources.Add((null, 0));
    }

    private void AddVisual((VisionTokens Tokens, int Row) source) => AddVisual(source.Tokens, source.Row);

    private void AddVisual(VisionTokens tokens, int row)
    {
        ids.Add(VisualMarker);
        sources.Add((tokens, row));
    }

    /// <summary>The rows of several visuals one after the other.</summary>
    private sealed class RowStream(IEnumerable<VisionTokens> visuals)
    {
        private readonly List<(VisionTokens Tokens, int Row)> rows
            = visuals.SelectMany(tokens => Enumerable.Range(0, tokens.Rows.Rows).Select(row => (tokens, row))).ToList();

        private int next;

        public void Expect(int placeholders, string name)
        {
            if (placeholders != rows.Count)
                throw new BadInputException($"the prompt has {placeholders} {name} placeholders, the visuals give {rows.Count} rows");
        }

        public (VisionTokens Tokens, int Row) Next() => rows[next++];
    }
}
