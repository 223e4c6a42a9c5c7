using System.Diagnostics;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Discovery;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Trainer.Data;
using EdgeVideoLlava.Trainer.Saving;

namespace EdgeVideoLlava.Trainer;

/// <summary>One run of a recipe: from data files to a trained model or adapter; from a checkpoint it goes on bit for bit.</summary>
/// <remarks>Used by one thread.</remarks>
public sealed class TrainingRun : IDisposable
{
    private const double MostGrowth = 1e6;

    private readonly Assistant assistant;
    private readonly ComputeDevice device;
    private readonly Arena arena;
    private readonly Optimizer optimizer;
    private readonly LossScaler scaler;
    private readonly LearningRate rate, projectorRate;
    private readonly Action<string> warn;
    private int done;
    private long samples;

    private TrainingRun(
        Recipe recipe, ComputeDevice device, Assistant assistant, IReadOnlyList<DialogueRecord> records, Action<string> warn,
        long? available)
    {
        (Recipe, this.device, this.assistant, Records, this.warn) = (recipe, device, assistant, records, warn);
        Reader = new SampleReader(assistant, records, recipe, warn);
        Order = new EpochOrder([.. records.Select(record => record.ModalityLength)], recipe);
        ModelPart parts = PartsOf(recipe) & (Model.Config.SeesPictures ? ~ModelPart.None : ~ModelPart.Projector);
        Trainable = new Trainable(Model, parts, LoraOf(recipe), recipe.Seed);
        if (Trainable.Lora is { } lora) lora.IsTraining = true;
        (FrozenBytes, long mapped) = Frozen(recipe);
        long trained = Trainable.Parameters.Sum(parameter => parameter.Elements);
        OwnWeightBytes = FrozenBytes - mapped + trained * (recipe.Precision == Precision.Fp16 ? 6 : 4);
        LongestSample = SampleLengths.Longest(Model.Config, Reader, records);
        Memory = TrainingMemory.Of(Model.Config.Language, LongestSample, FrozenBytes, trained, recipe.Precision == Precision.Fp16,
            recipe.Recompute, Trainable.Lora?.Ranks ?? 0);
        RequireMemory(available);
        if (recipe.NewProjector) NewProjector.Draw(Trainable, Queue, recipe.Seed);
        optimizer = new Optimizer(Trainable, Queue, new AdamWOptions(WeightDecay: recipe.WeightDecay, MaxNorm: recipe.MaxGradientNorm));
        arena = new Arena(device);
        scaler = new LossScaler(recipe.Precision == Precision.Fp16 ? 65536 : 1);
        rate = LearningRate.Of(recipe.Schedule, recipe.LearningRate, recipe.Warmup, Order.Total);
        projectorRate = rate with { Base = recipe.ProjectorLearningRate ?? recipe.LearningRate };
    }

    /// <summary>What is run.</summary>
    public Recipe Recipe { get; }

    /// <summary>Steps of the run.</summary>
    public int Steps => Order.Total;

    /// <summary>Steps done, those of the checkpoint that it goes on from included.</summary>
    public int StepsDone => done;

    internal VideoLlava Model => assistant.Model;

    internal Assistant Assistant => assistant;

    internal Trainable Trainable { get; }

    internal IReadOnlyList<DialogueRecord> Records { get; }

    internal SampleReader Reader { get; }

    internal EpochOrder Order { get; }

    /// <summary>Positions of the longest sample.</summary>
    internal int LongestSample { get; }

    internal TrainingMemory Memory { get; }

    /// <summary>Bytes of the weights that stay as they are.</summary>
    internal long FrozenBytes { get; }

    /// <summary>Bytes of the weights that have memory of their own; the others are read where they lie in the model's files.</summary>
    internal long OwnWeightBytes { get; }

    private ComputeQueue Queue => Model.LanguageQueue;

    /// <summary>Reads the data files and loads the model.</summary>
    /// <param name="device">cpu, opencl[:n], cuda[:n] or ilgpu-cpu.</param>
    /// <param name="threads">Of the processor; 0: one for each core.</param>
    /// <param name="available">Host bytes that may be used; null: what the system says is free.</param>
    /// <param name="warn">Told of skipped samples and the like, one line each, on any thread.</param>
    /// <exception cref="BadInputException">Data, model or recipe are none that can be trained.</exception>
    /// <exception cref="DeviceFailedException">Too little memory.</exception>
    public static TrainingRun Open(Recipe recipe, string device = "cpu", int threads = 0, Action<string>? warn = null,
        IProgress<double>? loading = null, long? available = null, CancellationToken cancel = default)
    {
        if (Path.GetFullPath(recipe.Output).TrimEnd('/') == Path.GetFullPath(recipe.Model).TrimEnd('/'))
            throw new BadInputException($"{recipe.Output}: the output is the model's folder; choose another one");
        List<DialogueRecord> records = [];
        foreach (string file in recipe.Data)
        {
            string folder = Path.GetDirectoryName(Path.GetFullPath(file)) ?? "/";
            records.AddRange(DialogueFile.Read(file, recipe.Pictures ?? folder, recipe.Clips ?? folder));
        }
        // Exact: a backward is that of float32 products, not of those of whole numbers.
        ComputeDevice opened = ComputeDevices.Open(device, new DeviceOptions(threads, StorageType.F32) { IsExact = true });
        Assistant? assistant = null;
        try
        {
            if (opened is not CpuDevice && recipe.Precision == Precision.Fp16)
                throw new BadInputException($"{opened.Label}: weights of fp16 are trained on the processor; take precision fp32");
            LoadOptions options = Loading(recipe) with { AvailableMemory = available };
            assistant = Assistant.Load(recipe.Model, opened, options: options, progress: loading, cancel: cancel);
            if (assistant.Config.Variant == ModelVariant.Hf)
                throw new BadInputException($"{recipe.Model}: a model of the -hf layout; training is of the original layout");
            foreach (DialogueRecord record in records) _ = record.Expanded(assistant.Config.ClipFrames);
            return new TrainingRun(recipe, opened, assistant, records, warn ?? (_ => { }), available);
        }
        catch
        {
            assistant?.Dispose();
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Whether a folder holds a run's checkpoints.</summary>
    public static bool HasCheckpoint(string folder) => TrainingState.Newest(folder) != null;

    /// <summary>Goes on from the newest checkpoint of the output folder; where there is none, from the start.</summary>
    /// <param name="force">Also where the recipe has changed.</param>
    /// <exception cref="BadInputException">The checkpoint is another run's; the message says what differs.</exception>
    public void Resume(bool force = false)
    {
        if (TrainingState.Newest(Recipe.Output) is not { } path) return;
        string[] changed = RecipeChanges.Between(TrainingState.Read(path).Recipe, Recipe.ToJson());
        if (changed.Length > 0 && !force)
        {
            throw new BadInputException(
                $"{path}: the recipe has changed since: {string.Join(", ", changed)}; use the old one, or force it");
        }
        RunState state = TrainingState.Load(path, Trainable, optimizer, Queue);
        (done, samples) = (state.Step, state.Samples);
        scaler.Restore(state.LossScale, state.GoodSteps, state.SkippedSteps);
    }

    /// <summary>Takes the steps that are left, then writes the result into the output folder.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; a checkpoint of the steps done is written.</exception>
    /// <exception cref="BadInputException">The data, or the folder, fails; checkpoints stay as they are.</exception>
    public void Run(IProgress<StepReport>? progress = null, CancellationToken cancel = default)
    {
        MakeFolder(Recipe.Output);
        using var log = new TrainingLog(Path.Combine(Recipe.Output, "log.jsonl"), done);
        long started = Stopwatch.GetTimestamp();
        int first = done, saved = done;
        try
        {
            foreach (TrainingSample[][] step in Reader.Read(Order, done, cancel))
            {
                StepReport report = Step(step, started, first, cancel);
                log.Write(report);
                progress?.Report(report);
                if (Recipe.SaveEvery == 0 || done % Recipe.SaveEvery != 0) continue;
                Save();
                saved = done;
            }
            cancel.ThrowIfCancellationRequested();
        }
        catch (OperationCanceledException)
        {
            if (done > saved) Save();
            throw;
        }
        if (done > saved) Save();
        WriteResult();
    }

    private static void MakeFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw OutputFile.Unwritable(folder, e);
        }
    }

    /// <summary>One step; nothing has changed if it is cancelled.</summary>
    private StepReport Step(TrainingSample[][] batches, long started, int first, CancellationToken cancel)
    {
        Trainable.ClearGradients(Queue);
        int supervised = batches.Sum(batch => batch.Sum(sample => sample.Supervised(Model.Config)));
        double losses = 0;
        long number = samples;
        foreach (TrainingSample[] batch in batches)
        {
            int own = batch.Sum(sample => sample.Supervised(Model.Config));
            double share = supervised == 0 ? 0 : Recipe.LossMean == LossMean.Tokens ? (double)own / supervised : 1.0 / batches.Length;
            ulong seed = (ulong)Recipe.Seed << 40 | (ulong)number;
            var factor = (float)(share * scaler.Scale);
            BatchLoss loss = MicroBatch.Backward(Model, batch, Trainable, arena, factor, Recipe.Recompute, seed, cancel);
            losses += share * loss.Mean;
            number += batch.Length;
        }
        double learning = (Trainable.LearnsWords ? rate : projectorRate).At(done);
        float scale = scaler.Scale;
        StepResult result = optimizer.Step(Queue, part => (part == ModelPart.Projector ? projectorRate : rate).At(done), scale);
        Judge(losses, result, batches);
        (done, samples) = (done + 1, number);
        long tokens = batches.Sum(batch => batch.Sum(sample => (long)sample.Length(Model.Config)));
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        foreach (TrainingSample sample in batches.SelectMany(batch => batch)) sample.Dispose();
        return new StepReport(done, Steps, (double)done / Order.StepsPerEpoch, losses, learning,
            double.IsFinite(result.GradientNorm) ? result.GradientNorm : null, scale, tokens,
            tokens * (done - first) / Math.Max(1e-9, seconds), seconds / (done - first) * (Steps - done), Reader.Skipped);
    }

    /// <summary>Numbers that are not finite lower the scale of half precision; where that helps no more, the run ends.</summary>
    private void Judge(double loss, StepResult result, TrainingSample[][] batches)
    {
        bool finite = double.IsFinite(loss) && double.IsFinite(result.GradientNorm);
        if (finite && result.GradientNorm > MostGrowth) finite = Recipe.Precision == Precision.Fp16;
        if (Recipe.Precision == Precision.Fp16 && scaler.Update(finite)) return;
        if (Recipe.Precision == Precision.Fp16 && scaler.Scale >= LossScaler.Floor)
        {
            warn($"step {done + 1} was not taken: a gradient was not finite; the loss scale is now {scaler.Scale}");
            return;
        }
        if (finite) return;
        string? where = Trainable.FirstNotFinite(Queue);
        throw new BadInputException($"step {done + 1}: the loss is {loss:G4}, the gradient's norm {result.GradientNorm:G4}"
            + (where == null ? "" : $", first in {where}") + $"; samples {string.Join("; ", batches.SelectMany(batch => batch)
                .Select(sample => sample.Name).Take(4))}; take a lower learning rate, or go on from an earlier checkpoint");
    }

    private void Save()
    {
        var state = new RunState(done, optimizer.Steps, scaler.Scale, scaler.Good, scaler.Skipped, samples, 0, Recipe.ToJson());
        TrainingState.Save(Recipe.Output, state, Trainable, optimizer, Queue, Recipe.Keep);
    }

    private void WriteResult()
    {
        if (LoraOf(Recipe) is { } lora) ModelWriter.WriteAdapter(Recipe.Output, Recipe.Model, Trainable, lora, Queue);
        else ModelWriter.WriteModel(Recipe.Output, Recipe.Model, Trainable, Queue);
    }

    /// <summary>Whether moments and activations have room; weights and gradients are there already.</summary>
    private void RequireMemory(long? available)
    {
        long need = Memory.Optimizer * 2 / 3 + Memory.Activations;
        long free = available - device.AllocatedBytes ?? device.FreeMemory ?? SystemMemory.Available();
        if (need <= free) return;
        string[] ways = [.. new[]
        {
            Recipe.Recompute ? null : "set recompute", Recipe.Stage == Stage.Stage2 ? "train an adapter (stage2Lora)" : null,
            Recipe.Stage != Stage.Stage2 && Recipe.BaseWeights == null ? "set baseWeights to q4_0" : null, "take a smaller maxIds",
        }.OfType<string>()];
        throw new DeviceFailedException($"training needs about {need >> 20} MiB beside the weights, {free >> 20} MiB are free; "
            + string.Join(", or ", ways));
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

    private static LoadOptions Loading(Recipe recipe) => new(
        LanguageWeights: recipe.BaseWeights == null ? null : WeightType.All.Single(type => type.Name == recipe.BaseWeights).Storage,
        Trainable: PartsOf(recipe), TrainableType: recipe.Precision == Precision.Fp16 ? StorageType.F16 : StorageType.F32);

    /// <summary>Gives all memory back.</summary>
    public void Dispose()
    {
        optimizer.Dispose();
        Trainable.Dispose();
        arena.Dispose();
        assistant.Dispose();
        device.Dispose();
    }
}
