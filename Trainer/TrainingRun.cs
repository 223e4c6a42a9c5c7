using System.Diagnostics;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Discovery;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Trainer.Alignment;
using EdgeVideoLlava.Trainer.Reports;
using EdgeVideoLlava.Trainer.Saving;

namespace EdgeVideoLlava.Trainer;

/// <summary>One run of a recipe: from data files to a trained model or adapter; from a checkpoint it goes on bit for bit.</summary>
/// <remarks>Used by one thread.</remarks>
public sealed class TrainingRun : IDisposable
{
    private const double MostGrowth = 1e6;

    private readonly ComputeDevice device;
    private readonly Optimizer optimizer;
    private readonly LossScaler scaler;
    private readonly Action<string> warn;
    private int done;
    private double best = double.PositiveInfinity;
    private long samples;

    private TrainingRun(Recipe recipe, ComputeDevice device, TrainingTask task, Action<string> warn)
    {
        (Recipe, this.device, Task, this.warn) = (recipe, device, task, warn);
        optimizer = new Optimizer(task.Parameters, task.Queue, task.AdamW);
        scaler = new LossScaler(recipe.Precision == Precision.Fp16 ? 65536 : 1);
    }

    /// <summary>What is run.</summary>
    public Recipe Recipe { get; }

    /// <summary>Steps of the run.</summary>
    public int Steps => Task.Order.Total;

    /// <summary>Steps done, those of the checkpoint that it goes on from included.</summary>
    public int StepsDone => done;

    /// <summary>Told of each validation.</summary>
    public Action<ValidationReport>? Validated { get; set; }

    internal ComputeDevice Device => device;

    internal TrainingTask Task { get; }

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
        warn ??= _ => { };
        // Exact: a backward is that of float32 products, not of those of whole numbers.
        ComputeDevice opened = ComputeDevices.Open(device, new DeviceOptions(threads, StorageType.F32) { IsExact = true });
        TrainingTask? task = null;
        try
        {
            task = recipe.Stage == Stage.Alignment ? AlignmentTask.Open(recipe, opened, warn)
                : DialogueTask.Open(recipe, opened, warn, loading, available, cancel);
            RequireMemory(task, opened, available);
            return new TrainingRun(recipe, opened, task, warn);
        }
        catch
        {
            task?.Dispose();
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
        RunState state = TrainingState.Load(path, Task.Parameters, optimizer, Task.Queue);
        (done, samples, best) = (state.Step, state.Samples, state.BestLoss ?? double.PositiveInfinity);
        scaler.Restore(state.LossScale, state.GoodSteps, state.SkippedSteps);
    }

    /// <summary>Takes the steps that are left, then writes the result into the output folder.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; a checkpoint of the steps done is written.</exception>
    /// <exception cref="BadInputException">The data, or the folder, fails; checkpoints stay as they are.</exception>
    public void Run(IProgress<StepReport>? progress = null, CancellationToken cancel = default)
    {
        MakeFolder(Recipe.Output);
        using var journal = new RunJournal(Recipe, done);
        long started = Stopwatch.GetTimestamp();
        int first = done, saved = done;
        try
        {
            foreach (TrainingStep step in Task.Read(done, samples, cancel))
            {
                StepReport report = Take(step, started, first, cancel);
                journal.Add(report);
                progress?.Report(report);
                if (done % Recipe.ValidateEvery == 0 || done == Steps) Validate(journal, cancel);
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
        Task.WriteResult();
        journal.End();
    }

    /// <summary>Keeps the checkpoint of the least loss on samples that are not learned from.</summary>
    private void Validate(RunJournal journal, CancellationToken cancel)
    {
        if (Task.Validate(cancel) is not { } validation) return;
        bool isBest = !(validation.Loss >= best);
        if (isBest)
        {
            best = validation.Loss;
            TrainingState.SaveBest(Recipe.Output, State, Task.Parameters, optimizer, Task.Queue);
        }
        var report = new ValidationReport(done, validation.Loss, isBest, validation.Answers);
        journal.Add(report);
        Validated?.Invoke(report);
    }

    /// <summary>Gives all memory back.</summary>
    public void Dispose()
    {
        optimizer.Dispose();
        Task.Dispose();
        device.Dispose();
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
    private StepReport Take(TrainingStep step, long started, int first, CancellationToken cancel)
    {
        using TrainingStep own = step;
        Task.ClearGradients();
        float scale = scaler.Scale;
        double loss = step.Backward(scale, cancel), learning = Task.ShownRate.At(done);
        StepResult result = optimizer.Step(Task.Queue, part => Task.Rate(part).At(done), scale);
        Task.AfterStep();
        Judge(loss, result, step);
        (done, samples) = (done + 1, samples + step.Count);
        long tokens = step.Tokens;
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return new StepReport(done, Steps, (double)done / Task.Order.StepsPerEpoch, loss, learning,
            double.IsFinite(result.GradientNorm) ? result.GradientNorm : null, scale, tokens,
            tokens * (done - first) / Math.Max(1e-9, seconds), seconds / (done - first) * (Steps - done), Task.Skipped);
    }

    /// <summary>Numbers that are not finite lower the scale of half precision; where that helps no more, the run ends.</summary>
    private void Judge(double loss, StepResult result, TrainingStep step)
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
        string? where = Task.FirstNotFinite();
        throw new BadInputException($"step {done + 1}: the loss is {loss:G4}, the gradient's norm {result.GradientNorm:G4}"
            + (where == null ? "" : $", first in {where}")
            + $"; samples {string.Join("; ", step.Names.Take(4))}; take a lower learning rate, or go on from an earlier checkpoint");
    }

    private RunState State => new(done, optimizer.Steps, scaler.Scale, scaler.Good, scaler.Skipped, samples,
        double.IsFinite(best) ? best : null, Recipe.ToJson());

    private void Save() => TrainingState.Save(Recipe.Output, State, Task.Parameters, optimizer, Task.Queue, Recipe.Keep);

    /// <summary>Whether moments and activations have room; weights and gradients are there already.</summary>
    private static void RequireMemory(TrainingTask task, ComputeDevice device, long? available)
    {
        long need = task.Memory.Optimizer * 2 / 3 + task.Memory.Activations;
        long free = available - device.AllocatedBytes ?? device.FreeMemory ?? SystemMemory.Available();
        if (need <= free) return;
        throw new DeviceFailedException($"training needs about {need >> 20} MiB beside the weights, {free >> 20} MiB are free; "
            + string.Join(", or ", task.WaysToSaveMemory));
    }
}
