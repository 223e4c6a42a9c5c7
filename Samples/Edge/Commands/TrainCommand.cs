using System.CommandLine;
using EdgeVideoLlava.Trainer;

namespace EdgeVideoLlava.Edge.Commands;

/// <summary>edge train: a recipe's run, from data files to a trained model or adapter.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        var recipe = new Argument<string?>("RECIPE")
        {
            Description = "JSON file of the run; --show-preset prints one to begin with.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var preset = new Option<string?>("--show-preset")
        {
            HelpName = "alignment|stage1|stage2|stage2-lora",
            Description = "Print a recipe with the settings of the published scripts, and do nothing else.",
        };
        var set = new Option<string[]>("--set")
        {
            HelpName = "FIELD=VALUE",
            Description = "Another value for a field of the recipe, such as learningRate=1e-4. May be given several times.",
            AllowMultipleArgumentsPerToken = false,
        };
        var dryRun = new Option<bool>("--dry-run")
        {
            Description = "Show parameters, memory, steps and the first samples as the model sees them; take no step.",
        };
        var resume = new Option<bool>("--resume") { Description = "Go on from the newest checkpoint in the output folder." };
        var force = new Option<bool>("--force") { Description = "Go on although the recipe has changed." };
        var device = new Option<string>("--device")
        {
            HelpName = "cpu|opencl[:n]|cuda[:n]|ilgpu-cpu",
            Description = "Where to compute, in float32. Only the processor's kernels are fast yet.",
            DefaultValueFactory = _ => "cpu",
        };
        var threads = new Option<int?>("--threads")
        {
            HelpName = "N",
            Description = "Worker threads of the processor. Default: one for each core. The result does not depend on it.",
        };
        var command = new Command("train", "Train a model's projector, the whole model, an adapter, or a vision tower.")
        {
            recipe, preset, set, dryRun, resume, force, device, threads,
        };
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            if (parsed.GetValue(preset) is { } name)
            {
                Console.WriteLine(Recipe.Preset(name).ToJson());
                return ExitCodes.Ok;
            }
            string path = parsed.GetValue(recipe) ?? throw new BadInputException(
                "no recipe is given; print one with --show-preset, fill in model, data and output, and give its file");
            Recipe read = Recipe.Read(path, (parsed.GetValue(set) ?? []).Select(Change));
            using TrainingRun run = Open(read, parsed.GetValue(device)!, parsed.GetValue(threads) ?? 0, cancel);
            if (parsed.GetValue(dryRun)) TrainingText.Print(TrainingPlan.Of(run), Console.Out, !Console.IsOutputRedirected);
            else Run(run, parsed.GetValue(resume), parsed.GetValue(force), cancel);
            return ExitCodes.Ok;
        }, CancellationToken.None));
        return command;
    }

    private static TrainingRun Open(Recipe recipe, string device, int threads, CancellationToken cancel)
    {
        using LoadProgress progress = LoadProgress.OnTerminal();
        return TrainingRun.Open(recipe, device, threads, Notices.Say, progress, ModelSession.MemoryLimit(), cancel);
    }

    private static void Run(TrainingRun run, bool resume, bool force, CancellationToken cancel)
    {
        if (resume) run.Resume(force);
        else if (TrainingRun.HasCheckpoint(run.Recipe.Output))
        {
            throw new BadInputException(
                $"{run.Recipe.Output}: it holds checkpoints of a run; go on with --resume, or choose another output folder");
        }
        Notices.Say($"{run.Steps - run.StepsDone} of {run.Steps} steps, {run.Recipe.Stage} of {run.Recipe.Model}, to {run.Recipe.Output}");
        run.Validated = report => TrainingText.Say(report, Notices.Say);
        run.Run(new Said(), cancel);
        Console.WriteLine(run.Recipe.Output);
    }

    private static (string Field, string Value) Change(string text)
    {
        int at = text.IndexOf('=');
        return at > 0 ? (text[..at], text[(at + 1)..])
            : throw new BadInputException($"--set: '{text}' is no FIELD=VALUE, such as learningRate=1e-4");
    }

    /// <summary>One line a step, in the order of the steps.</summary>
    private sealed class Said : IProgress<StepReport>
    {
        public void Report(StepReport step) => Notices.Say(TrainingText.Line(step));
    }
}
