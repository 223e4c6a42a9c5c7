using System.Diagnostics;

namespace EdgeVideoLlava.Trainer.Reports;

/// <summary>What a run leaves for its readers: log.jsonl, validation.jsonl, report.html, TensorBoard's events.</summary>
/// <remarks>A resumed run drops what came after its checkpoint from the logs and the page; TensorBoard does so itself.</remarks>
internal sealed class RunJournal : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly TrainingLog<StepReport> steps;
    private readonly TrainingLog<ValidationReport> validations;
    private readonly EventFile events;
    private readonly RunPage page;
    private long written;

    /// <param name="from">Steps that are done.</param>
    /// <exception cref="BadInputException">A file cannot be written.</exception>
    public RunJournal(Recipe recipe, int from)
    {
        string Of(string name) => Path.Combine(recipe.Output, name);
        steps = new(Of("log.jsonl"), from, StepJson.Default.StepReport, report => report.Step);
        validations = new(Of("validation.jsonl"), from, ValidationJson.Default.ValidationReport, report => report.Step);
        events = new EventFile(Of("events"), DateTimeOffset.UtcNow);
        page = new RunPage(Of("report.html"), recipe, steps.Entries, validations.Entries);
    }

    public void Add(StepReport report)
    {
        steps.Write(report);
        events.Write(DateTimeOffset.UtcNow, report.Step, ("train/loss", report.Loss), ("train/learning_rate", report.LearningRate),
            ("train/gradient_norm", report.GradientNorm ?? double.NaN), ("train/loss_scale", report.LossScale),
            ("train/tokens_per_second", report.TokensPerSecond));
        if (written == 0 || Stopwatch.GetElapsedTime(written) > Pause) Write(isOver: false);
    }

    public void Add(ValidationReport report)
    {
        validations.Write(report);
        events.Write(DateTimeOffset.UtcNow, report.Step, ("validation/loss", report.Loss));
    }

    /// <summary>The page as it stays.</summary>
    public void End() => Write(isOver: true);

    public void Dispose()
    {
        steps.Dispose();
        validations.Dispose();
        events.Dispose();
    }

    private void Write(bool isOver)
    {
        page.Write(isOver);
        written = Stopwatch.GetTimestamp();
    }
}
