using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Trainer.Data;

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
        Recipe recipe = run.Recipe;
        ParameterGroup[] groups = [.. run.Trainable.Parameters.GroupBy(parameter => parameter.Part).Select(group => new ParameterGroup(
            group.Key == ModelPart.Language && recipe.Lora != null ? "adapter" : group.Key.ToString().ToLowerInvariant(),
            group.Sum(parameter => parameter.Tensors.Count), group.Sum(parameter => parameter.Elements),
            group.Key == ModelPart.Projector ? recipe.ProjectorLearningRate ?? recipe.LearningRate : recipe.LearningRate))];
        LearningRate rate = LearningRate.Of(recipe.Schedule, recipe.LearningRate, recipe.Warmup, run.Steps);
        return new TrainingPlan(groups, run.Memory, run.Records.Count, run.LongestSample, run.Steps, run.Order.StepsPerEpoch, rate.Warmup,
            [.. run.Records.Take(Rendered).Select(record => Render(run, record))]);
    }

    private static IReadOnlyList<RenderedPiece> Render(TrainingRun run, DialogueRecord record)
    {
        (int[] ids, int[] labels) = run.Reader.Encode(record);
        List<RenderedPiece> pieces = [];
        for (int i = 0; i < ids.Length;)
        {
            int start = i;
            bool learned = labels[i] != CrossEntropy.Ignored, visual = ids[i] < 0;
            while (i < ids.Length && (labels[i] != CrossEntropy.Ignored) == learned && ids[i] < 0 == visual) i++;
            string text = visual ? $"<{i - start} visual block{(i - start == 1 ? "" : "s")}>"
                : string.Concat(ids[start..i].Select(id => id == run.Assistant.Tokenizer.EosId ? "</s>" : Piece(run, id)));
            pieces.Add(new RenderedPiece(text, learned));
        }
        return pieces;
    }

    /// <summary>A token by itself, with the blank that it begins with.</summary>
    private static string Piece(TrainingRun run, int id)
    {
        string both = run.Assistant.Tokenizer.Decode([id, id], skipSpecial: true), one = run.Assistant.Tokenizer.Decode([id]);
        return both.StartsWith(one, StringComparison.Ordinal) ? both[one.Length..] : one;
    }
}
