using System.IO.Enumeration;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Formats;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Trainer.Data;

namespace EdgeVideoLlava.Trainer.Alignment;

/// <summary>Stage 0: a vision tower learns to see what a text tower reads (LanguageBind, arXiv:2310.01852).</summary>
internal sealed class AlignmentTask : TrainingTask
{
    private readonly Recipe recipe;
    private readonly AlignmentRecipe own;
    private readonly ClipModel model;
    private readonly Arena arena;
    private readonly IReadOnlyList<CaptionRecord> records;
    private readonly int[][] texts;
    private readonly SkippedSamples skipped;
    private readonly FramePreprocessor pictures, clips;

    private AlignmentTask(Recipe recipe, ClipModel model, IReadOnlyList<CaptionRecord> records, int[][] texts, Action<string> warn)
    {
        (this.recipe, own, this.model, this.records, this.texts) = (recipe, recipe.Alignment!, model, records, texts);
        skipped = new SkippedSamples(records.Count, warn);
        int size = model.Config.Vision.ImageSize;
        pictures = new FramePreprocessor(PreprocessPreset.OriginalImage, size);
        clips = new FramePreprocessor(PreprocessPreset.OriginalVideo, size);
        Parameters = model.Table.Learning;
        Order = new EpochOrder([.. records.Select(_ => 1)], recipe);
        arena = new Arena(model.Queue.Device);
        ShownRate = LearningRate.Of(recipe.Schedule, recipe.LearningRate, recipe.Warmup, Order.Total) with { BeginsAtZero = false };
        if (own.WarmupSteps is { } warmup) ShownRate = ShownRate with { Warmup = warmup };
        Memory = AlignmentMemory.Of(model.Config, Parameters, model.Table.Tensors.Sum(tensor => tensor.Spec.Elements), recipe.Batch,
            recipe.Recompute);
    }

    public override ComputeQueue Queue => model.Queue;

    public override IReadOnlyList<Parameter> Parameters { get; }

    public override EpochOrder Order { get; }

    public override TrainingMemory Memory { get; }

    public override long OwnWeightBytes => Memory.Weights;

    public override int LongestSample => Frames * model.Config.Vision.Positions;

    public override int Skipped => skipped.Count;

    public override int Records => records.Count;

    public override AdamWOptions AdamW => new(0.9, 0.98, 1e-6, recipe.WeightDecay, recipe.MaxGradientNorm); // as open_clip sets it

    public override LearningRate ShownRate { get; }

    public override IEnumerable<string> WaysToSaveMemory
        => new[] { recipe.Recompute ? null : "set recompute", "take a smaller batch and a larger accumulation" }.OfType<string>();

    private int Frames => Math.Max(1, model.Config.Vision.TemporalFrames);

    /// <summary>Reads the data files and loads the model.</summary>
    /// <exception cref="BadInputException">Data, model or recipe are none that can be trained.</exception>
    public static AlignmentTask Open(Recipe recipe, ComputeDevice device, Action<string> warn)
    {
        List<CaptionRecord> records = [];
        foreach (string file in recipe.Data)
        {
            string folder = Path.GetDirectoryName(Path.GetFullPath(file)) ?? "/";
            records.AddRange(CaptionFile.Read(file, recipe.Pictures ?? folder, recipe.Clips ?? folder));
        }
        ClipConfig config = ClipConfigReader.Read(recipe.Model);
        var model = new ClipModel(device, config, name => recipe.Alignment!.Train.Any(pattern
            => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false)));
        try
        {
            foreach (string pattern in recipe.Alignment!.Train.Where(pattern => !model.Table.Tensors.Any(tensor
                => FileSystemName.MatchesSimpleExpression(pattern, tensor.Spec.Name, ignoreCase: false))))
                warn($"alignment.train: no tensor is named {pattern}");
            if (model.Table.Learning.Count == 0) throw new BadInputException("alignment.train: no tensor of the model learns");
            if (recipe.Alignment.FromNothing) model.Begin(recipe.Seed);
            else model.Load(recipe.Model, recipe.Seed);
            return new AlignmentTask(recipe, model, records, Texts(recipe, config, model, records), warn);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    public override LearningRate Rate(ModelPart part) => ShownRate;

    public override string GroupOf(Parameter parameter) => parameter.Name.StartsWith("text_", StringComparison.Ordinal) ? "text tower"
        : parameter.Name.StartsWith("logit_", StringComparison.Ordinal) ? "temperature" : "vision tower";

    public override IEnumerable<TrainingStep> Read(int first, long samples, CancellationToken cancel)
        => AheadReader.Read(first, Order.Total, recipe.ReadAhead / (recipe.Batch * recipe.Accumulation), Make, cancel);

    public override void AfterStep() => ContrastiveStep.Clamp(Queue, model.LogScale);

    public override IEnumerable<IReadOnlyList<RenderedPiece>> Render() => records.Select((record, i) => new RenderedPiece[]
    {
        new($"{Path.GetFileName(record.Path)}: ", false), new(record.Caption ?? string.Join(' ', texts[i]), true),
    });

    public override void WriteResult() => model.Write(recipe.Output, recipe.Model);

    public override void Dispose()
    {
        arena.Dispose();
        model.Dispose();
    }

    private static int[][] Texts(Recipe recipe, ClipConfig config, ClipModel model, IReadOnlyList<CaptionRecord> records)
    {
        ClipTokenizer? tokenizer = ClipTokenizer.Find(recipe.Model);
        if (tokenizer != null && tokenizer.MostId >= config.Text.Vocabulary)
            throw new BadInputException($"{recipe.Model}: vocab.json has ids up to {tokenizer.MostId}, the model {config.Text.Vocabulary}");
        return [.. records.Select(record =>
        {
            int[] ids = record.Ids ?? (tokenizer ?? throw new BadInputException($"{record.Name}: a caption in words, and {recipe.Model} "
                + "has no vocab.json with merges.txt; give ids")).Encode(record.Caption!, config.Text.Positions);
            if (ids.Any(id => id < 0 || id >= config.Text.Vocabulary))
                throw new BadInputException($"{record.Name}: an id is not within 0 to {config.Text.Vocabulary - 1}");
            if (record.IsClip != config.Vision.TemporalFrames > 0)
                throw new BadInputException($"{record.Name}: {(record.IsClip ? "a clip, and the tower takes pictures"
                    : "a picture, and the tower takes clips")}");
            return model.Texts.Cut(ids);
        })];
    }

    private AlignmentStep Make(int number)
    {
        int[] indices = [.. Order.Step(number).SelectMany(batch => batch)];
        List<(CaptionRecord, ContrastivePair)> pairs = [];
        for (int i = 0; i < indices.Length; i++)
        {
            int index = indices[i];
            var random = new Random(unchecked(recipe.Seed * 1_000_003 + number * 8191 + i));
            ContrastivePair? pair = skipped.Try(index, () => new ContrastivePair(Look(records[index]), Kept(random), texts[index]),
                () => records[index].Name);
            if (pair != null) pairs.Add((records[index], pair));
        }
        return new AlignmentStep(this, pairs);
    }

    private PixelValues Look(CaptionRecord record)
    {
        if (MediaFile.Detect(record.Path) == MediaKind.Picture == record.IsClip)
            throw new BadInputException($"{record.Name}: {record.Path} is {(record.IsClip ? "a picture" : "a clip")}");
        if (!record.IsClip) return pictures.Picture(Runtime.Video.Pictures.Read(record.Path));
        using Clip clip = Clip.Open(record.Path);
        return clips.Clip(FrameMemory.Recycling(clip.Read(FrameSampler.Linspace(clip.FrameCount, Frames))), Frames);
    }

    /// <summary>The patches that are left, in random order, which changes nothing: positions are added before.</summary>
    private int[]? Kept(Random random)
    {
        if (own.PatchDropout == 0) return null;
        int[] patches = [.. Enumerable.Range(0, model.Config.Vision.Positions - 1)];
        random.Shuffle(patches);
        return patches[..Math.Max(1, (int)(patches.Length * (1 - own.PatchDropout)))];
    }

    private sealed class AlignmentStep(AlignmentTask task, IReadOnlyList<(CaptionRecord Record, ContrastivePair Pair)> pairs) : TrainingStep
    {
        public override int Count => pairs.Count;

        public override long Tokens => pairs.Sum(pair => (long)pair.Pair.Pixels.Frames
            * ((pair.Pair.Kept?.Length + 1) ?? task.model.Config.Vision.Positions));

        public override IEnumerable<string> Names => pairs.Select(pair => pair.Record.Name);

        /// <summary>One pair alone teaches nothing.</summary>
        public override double Backward(float scale, CancellationToken cancel) => pairs.Count < 2 ? 0 : task.model.Step.Backward(
            [.. pairs.Select(pair => pair.Pair)], task.recipe.Batch, task.arena, task.recipe.Recompute, scale, cancel);

        public override void Dispose()
        {
            foreach ((CaptionRecord _, ContrastivePair pair) in pairs) pair.Pixels.Dispose();
        }
    }
}
