using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Trainer.Data;
using EdgeVideoLlava.Trainer.Saving;

namespace EdgeVideoLlava.Trainer;

/// <summary>Stages 1 and 2: a language model, its projector or an adapter, on dialogues about pictures and clips.</summary>
internal sealed class DialogueTask : TrainingTask
{
    private readonly Recipe recipe;
    private readonly Assistant assistant;
    private readonly Arena arena;
    private readonly Trainable trainable;
    private readonly SampleReader reader;
    private readonly IReadOnlyList<DialogueRecord> records;
    private readonly ValidationSet? validation;
    private readonly LearningRate rate, projectorRate;

    private DialogueTask(Recipe recipe, Assistant assistant, IReadOnlyList<DialogueRecord> records,
        IReadOnlyList<DialogueRecord> validated, Action<string> warn)
    {
        (this.recipe, this.assistant, this.records) = (recipe, assistant, records);
        reader = new SampleReader(assistant, records, recipe, warn);
        validation = validated.Count == 0 ? null : new ValidationSet(assistant, validated, reader, recipe);
        Order = new EpochOrder([.. records.Select(record => record.ModalityLength)], recipe);
        ModelPart parts = PartsOf(recipe) & (Model.Config.SeesPictures ? ~ModelPart.None : ~ModelPart.Projector);
        trainable = new Trainable(Model, parts, LoraOf(recipe), recipe.Seed);
        if (trainable.Lora is { } lora) lora.IsTraining = true;
        (long frozen, long mapped) = Frozen(recipe);
        long trained = trainable.Parameters.Sum(parameter => parameter.Elements);
        OwnWeightBytes = frozen - mapped + trained * (recipe.Precision == Precision.Fp32 ? 4 : 6);
        LongestSample = SampleLengths.Longest(Model.Config, reader, records);
        Memory = TrainingMemory.Of(Model.Config.Language, LongestSample, frozen, trained, recipe.Precision != Precision.Fp32,
            recipe.Recompute, trainable.Lora?.Ranks ?? 0);
        if (recipe.NewProjector) NewProjector.Draw(trainable, Queue, recipe.Seed);
        arena = new Arena(Model.Device);
        rate = LearningRate.Of(recipe.Schedule, recipe.LearningRate, recipe.Warmup, Order.Total);
        projectorRate = rate with { Base = recipe.ProjectorLearningRate ?? recipe.LearningRate };
    }

    public override ComputeQueue Queue => Model.LanguageQueue;

    public override IReadOnlyList<Parameter> Parameters => trainable.Parameters;

    public override EpochOrder Order { get; }

    public override TrainingMemory Memory { get; }

    public override long OwnWeightBytes { get; }

    public override int LongestSample { get; }

    public override int Skipped => reader.Skipped;

    public override int Records => records.Count;

    public override AdamWOptions AdamW => new(WeightDecay: recipe.WeightDecay, MaxNorm: recipe.MaxGradientNorm);

    public override LearningRate ShownRate => trainable.LearnsWords ? rate : projectorRate;

    public override IEnumerable<string> WaysToSaveMemory => new[]
    {
        recipe.Recompute ? null : "set recompute", recipe.Stage == Stage.Stage2 ? "train an adapter (stage2Lora)" : null,
        recipe.Stage != Stage.Stage2 && recipe.BaseWeights == null ? "set baseWeights to q4_0" : null, "take a smaller maxIds",
    }.OfType<string>();

    private VideoLlava Model => assistant.Model;

    /// <summary>Reads the data files and loads the model.</summary>
    /// <exception cref="BadInputException">Data, model or recipe are none that can be trained.</exception>
    /// <exception cref="DeviceFailedException">Too little memory.</exception>
    public static DialogueTask Open(Recipe recipe, ComputeDevice device, Action<string> warn, IProgress<double>? loading, long? available,
        CancellationToken cancel)
    {
        List<DialogueRecord> records = Read(recipe, recipe.Data), validated = Read(recipe, recipe.Validation);
        LoadOptions options = Loading(recipe) with { AvailableMemory = available };
        Assistant assistant = Assistant.Load(recipe.Model, device, options: options, progress: loading, cancel: cancel);
        try
        {
            foreach (DialogueRecord record in records.Concat(validated)) _ = record.Expanded(assistant.Config.ClipFrames);
            return new DialogueTask(recipe, assistant, records, validated, warn);
        }
        catch
        {
            assistant.Dispose();
            throw;
        }
    }

    public override LearningRate Rate(ModelPart part) => part == ModelPart.Projector ? projectorRate : rate;

    public override string GroupOf(Parameter parameter) => parameter.Part == ModelPart.Language && recipe.Lora != null ? "adapter"
        : parameter.Part.ToString().ToLowerInvariant();

    public override IEnumerable<TrainingStep> Read(int first, long samples, CancellationToken cancel)
    {
        foreach (TrainingSample[][] batches in reader.Read(Order, first, cancel))
        {
            var step = new Step(this, batches, samples);
            samples += step.Count;
            yield return step;
        }
    }

    /// <summary>As the model answers: without an adapter's dropout.</summary>
    public override (double Loss, IReadOnlyList<ValidationAnswer> Answers)? Validate(CancellationToken cancel)
    {
        if (validation == null) return null;
        if (trainable.Lora is { } lora) lora.IsTraining = false;
        try
        {
            return validation.Run(cancel);
        }
        finally
        {
            if (trainable.Lora is { } again) again.IsTraining = true;
        }
    }

    public override IEnumerable<IReadOnlyList<RenderedPiece>> Render() => records.Select(record => Render(record));

    public override void WriteResult()
    {
        if (LoraOf(recipe) is { } lora) ModelWriter.WriteAdapter(recipe.Output, recipe.Model, trainable, lora, Queue);
        else ModelWriter.WriteModel(recipe.Output, recipe.Model, trainable, Queue);
    }

    public override void Dispose()
    {
        trainable.Dispose();
        arena.Dispose();
        assistant.Dispose();
    }

    private static List<DialogueRecord> Read(Recipe recipe, IReadOnlyList<string> files)
    {
        List<DialogueRecord> records = [];
        foreach (string file in files)
        {
            string folder = Path.GetDirectoryName(Path.GetFullPath(file)) ?? "/";
            records.AddRange(DialogueFile.Read(file, recipe.Pictures ?? folder, recipe.Clips ?? folder));
        }
        return records;
    }

    private List<RenderedPiece> Render(DialogueRecord record)
    {
        (int[] ids, int[] labels) = reader.Encode(record);
        List<RenderedPiece> pieces = [];
        for (int i = 0; i < ids.Length;)
        {
            int start = i;
            bool learned = labels[i] != CrossEntropy.Ignored, visual = ids[i] < 0;
            while (i < ids.Length && (labels[i] != CrossEntropy.Ignored) == learned && ids[i] < 0 == visual) i++;
            string text = visual ? $"<{i - start} visual block{(i - start == 1 ? "" : "s")}>"
                : string.Concat(ids[start..i].Select(id => id == assistant.Tokenizer.EosId ? "</s>" : Piece(id)));
            pieces.Add(new RenderedPiece(text, learned));
        }
        return pieces;
    }

    /// <summary>A token by itself, with the blank that it begins with.</summary>
    private string Piece(int id)
    {
        string both = assistant.Tokenizer.Decode([id, id], skipSpecial: true), one = assistant.Tokenizer.Decode([id]);
        return both.StartsWith(one, StringComparison.Ordinal) ? both[one.Length..] : one;
    }

    private static (long Bytes, long Mapped) Frozen(Recipe recipe)
    {
        using var checkpoint = new Checkpoint(recipe.Model);
        LoadOptions options = Loading(recipe);
        (long bytes, long mapped) = (0, 0);
        foreach (ParameterSpec parameter in new ModelTensors(ConfigReader.Read(checkpoint)).Loaded(options)
            .Where(parameter => !options.Trains(parameter.Part)).SelectMany(whole => checkpoint.Apart(whole, options)))
        {
            StorageType stored = checkpoint.TypeOf(parameter);
            long own = options.TypeOf(parameter, stored).Bytes(parameter.Elements);
            bytes += own;
            if (options.StaysMapped(parameter, stored)) mapped += own;
        }
        return (bytes, mapped);
    }

    private static ModelPart PartsOf(Recipe recipe)
        => recipe.Stage == Stage.Stage2 ? ModelPart.Language | ModelPart.Projector : ModelPart.Projector;

    private static LoraOptions? LoraOf(Recipe recipe)
        => recipe.Lora is { } lora ? new LoraOptions(lora.Rank, lora.Alpha, lora.Dropout, lora.Targets) : null;

    private static StorageType TypeOf(Precision precision) => precision switch
    {
        Precision.Fp16 => StorageType.F16,
        Precision.Bf16 => StorageType.BF16,
        _ => StorageType.F32,
    };

    private static LoadOptions Loading(Recipe recipe) => new(
        LanguageWeights: recipe.BaseWeights == null ? null : WeightType.All.Single(type => type.Name == recipe.BaseWeights).Storage,
        Trainable: PartsOf(recipe), TrainableType: TypeOf(recipe.Precision));

    /// <param name="before">Samples of the steps before.</param>
    private sealed class Step(DialogueTask task, TrainingSample[][] batches, long before) : TrainingStep
    {
        public override int Count => batches.Sum(batch => batch.Length);

        public override long Tokens => batches.Sum(batch => batch.Sum(sample => (long)sample.Length(task.Model.Config)));

        public override IEnumerable<string> Names => batches.SelectMany(batch => batch).Select(sample => sample.Name);

        public override double Backward(float scale, CancellationToken cancel)
        {
            int supervised = batches.Sum(Supervised);
            double losses = 0;
            long number = before;
            foreach (TrainingSample[] batch in batches)
            {
                double share = supervised == 0 ? 0
                    : task.recipe.LossMean == LossMean.Tokens ? (double)Supervised(batch) / supervised : 1.0 / batches.Length;
                ulong seed = (ulong)task.recipe.Seed << 40 | (ulong)number;
                BatchLoss loss = MicroBatch.Backward(task.Model, batch, task.trainable, task.arena, (float)(share * scale),
                    task.recipe.Recompute, seed, cancel);
                losses += share * loss.Mean;
                number += batch.Length;
            }
            return losses;
        }

        public override void Dispose()
        {
            foreach (TrainingSample sample in batches.SelectMany(batch => batch)) sample.Dispose();
        }

        private int Supervised(TrainingSample[] batch) => batch.Sum(sample => sample.Supervised(task.Model.Config));
    }
}
