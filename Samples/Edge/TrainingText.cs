using System.Globalization;
using EdgeVideoLlava.Trainer;

namespace EdgeVideoLlava.Edge;

/// <summary>A training run in words.</summary>
internal static class TrainingText
{
    private const string Learned = "\e[32m", Plain = "\e[0m";

    /// <summary>The line of a step.</summary>
    public static string Line(StepReport step)
    {
        string norm = step.GradientNorm is { } value ? FormattableString.Invariant($"gradient {value:G4}") : "step not taken";
        string left = TimeSpan.FromSeconds(Math.Min(step.SecondsLeft, 1e9)).ToString(@"d\.hh\:mm\:ss", CultureInfo.InvariantCulture);
        return FormattableString.Invariant($"step {step.Step} of {step.Steps}, loss {step.Loss:F4}, rate {step.LearningRate:G3}, {norm}, ")
            + FormattableString.Invariant($"{step.TokensPerSecond:F0} tokens/s, ")
            + $"{(left.StartsWith("0.", StringComparison.Ordinal) ? left[2..] : left)} left";
    }

    /// <summary>The lines of a validation: its loss, and answers beside those that are written.</summary>
    public static void Say(ValidationReport report, Action<string> say)
    {
        say(FormattableString.Invariant($"validation after step {report.Step}: loss {report.Loss:F4}")
            + (report.IsBest ? ", the best so far" : ""));
        foreach (ValidationAnswer answer in report.Answers)
        {
            string Shown(string text) => TerminalText.Printable(text.ReplaceLineEndings(" "));
            say($"  {Shown(answer.Question)}  written: {Shown(answer.Expected)}  answered: {Shown(answer.Answer)}");
        }
    }

    /// <param name="colours">What is learned is green; else it stands in brackets.</param>
    public static void Print(TrainingPlan plan, TextWriter output, bool colours)
    {
        output.WriteLine("what learns         tensors     parameters   learning rate");
        foreach (ParameterGroup group in plan.Groups)
        {
            output.WriteLine(FormattableString.Invariant(
                $"  {group.Name,-17} {group.Tensors,7} {group.Parameters,14:#,0} {group.LearningRate,15:G3}"));
        }
        output.WriteLine();
        output.WriteLine($"memory: {Size(plan.Memory.Total)} (weights {Size(plan.Memory.Weights)}, gradients and moments "
            + $"{Size(plan.Memory.Optimizer)}, activations of {plan.LongestSample} positions {Size(plan.Memory.Activations)})");
        output.WriteLine($"steps: {plan.Steps} ({plan.StepsPerEpoch} an epoch of {plan.Records} samples), the first {plan.WarmupSteps} "
            + "to warm up");
        foreach ((int i, IReadOnlyList<RenderedPiece> sample) in plan.Samples.Index())
        {
            output.WriteLine();
            output.WriteLine($"sample {i}, {(colours ? "what is learned in green" : "what is learned in [brackets]")}:");
            output.WriteLine(string.Concat(sample.Select(piece => !piece.IsLearned ? TerminalText.Printable(piece.Text)
                : colours ? $"{Learned}{TerminalText.Printable(piece.Text)}{Plain}" : $"[{TerminalText.Printable(piece.Text)}]")));
        }
        output.WriteLine();
        output.WriteLine("Video-LLaVA-7B, a sample at a time:");
        foreach ((string way, int tokens, TrainingMemory memory) in TrainingMemory.OfSevenBillion())
            output.WriteLine(FormattableString.Invariant($"  {way,-16} {tokens,5} positions {Size(memory.Total),10}"));
    }

    private static string Size(long bytes) => bytes >= 1L << 30
        ? FormattableString.Invariant($"{bytes / (double)(1L << 30):0.0} GiB")
        : FormattableString.Invariant($"{bytes / (double)(1L << 20):0.0} MiB");
}
