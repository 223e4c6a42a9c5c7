namespace EdgeVideoLlava.Trainer;

/// <summary>How the learning rate goes on after its warm-up.</summary>
public enum Schedule
{
    /// <summary>Half a cosine to 0.</summary>
    Cosine,

    /// <summary>A straight line to 0.</summary>
    Linear,

    /// <summary>As it is.</summary>
    Constant,
}

/// <summary>The learning rate of each step.</summary>
/// <param name="Base">After the warm-up.</param>
/// <param name="Warmup">Steps from 0 to the base.</param>
/// <param name="Total">Steps of the run.</param>
internal sealed record LearningRate(Schedule Schedule, double Base, int Warmup, int Total)
{
    /// <summary>As transformers counts; LanguageBind's first step (open_clip) has a share of the rate already.</summary>
    public bool BeginsAtZero { get; init; } = true;

    /// <param name="warmupRatio">Share of the steps, rounded up.</param>
    public static LearningRate Of(Schedule schedule, double rate, double warmupRatio, int total)
        => new(schedule, rate, (int)Math.Ceiling(warmupRatio * total), total);

    /// <param name="step">Counted from 0.</param>
    public double At(int step)
    {
        if (step < Warmup) return Base * (BeginsAtZero ? step : step + 1) / Warmup;
        double done = (double)(step - Warmup) / Math.Max(1, Total - Warmup);
        return Schedule switch
        {
            Schedule.Cosine => Base * Math.Max(0, (1 + Math.Cos(Math.PI * done)) / 2),
            Schedule.Linear => Base * Math.Max(0, 1 - done),
            _ => Base,
        };
    }
}
