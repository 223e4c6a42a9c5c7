namespace EdgeVideoLlava.Trainer;

/// <summary>Parameters that learn together.</summary>
public sealed record ParameterGroup(string Name, int Tensors, long Parameters, double LearningRate);

/// <summary>A piece of a sample's text.</summary>
/// <param name="Text">As the tokenizer prints it; tags stand for visual blocks.</param>
/// <param name="IsLearned">Whether the model is to say it.</param>
public sealed record RenderedPiece(string Text, bool IsLearned);

/// <summary>What a run would do: its parameters, its memory, its length, and how its samples look to the model.</summary>
/// <param name="LongestSample">Positions of the longest sample.</param>
/// <param name="Samples">The first samples, piece by piece.</param>
public sealed record TrainingPlan(IReadOnlyList<ParameterGroup> Groups, TrainingMemory Memory, int Records, int LongestSample, int Steps,
    int StepsPerEpoch, int WarmupSteps, IReadOnlyList<IReadOnlyList<RenderedPiece>> Samples)
{
    private const int Rendered = 3;

    /// <summary>Looks at the data and the model; no step is taken.</summary>
    public static TrainingPlan Of(TrainingRun run)
    {
        TrainingTask task = run.Task;
        ParameterGroup[] groups = [.. task.Parameters.GroupBy(task.GroupOf).Select(group => new ParameterGroup(group.Key,
            group.Sum(parameter => parameter.Tensors.Count), group.Sum(parameter => parameter.Elements),
            task.Rate(group.First().Part).Base))];
        return new TrainingPlan(groups, task.Memory, task.Records, task.LongestSample, run.Steps, task.Order.StepsPerEpoch,
            task.ShownRate.Warmup, [.. task.Render().Take(Rendered)]);
    }
}
