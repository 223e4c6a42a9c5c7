namespace EdgeVideoLlava.Trainer.Data;

/// <summary>Which samples each step learns from: a function of the seed alone, so that a resumed run goes on with the same ones.</summary>
internal sealed class EpochOrder(IReadOnlyList<int> modalityLengths, Recipe recipe)
{
    private int epoch = -1;
    private int[][][] steps = [];

    public int StepsPerEpoch { get; } = (int)(((long)modalityLengths.Count + (long)recipe.Batch * recipe.Accumulation - 1)
        / ((long)recipe.Batch * recipe.Accumulation));

    /// <summary>Steps of the run.</summary>
    public int Total => recipe.Steps ?? checked(recipe.Epochs * StepsPerEpoch);

    /// <summary>The micro-batches of a step: indices of samples.</summary>
    public int[][] Step(int step)
    {
        if (epoch != step / StepsPerEpoch)
        {
            epoch = step / StepsPerEpoch;
            steps = [.. Order(epoch).Chunk(recipe.Batch).Chunk(recipe.Accumulation)];
        }
        return steps[step % StepsPerEpoch];
    }

    private int[] Order(int number)
    {
        var random = new MersenneTwister((uint)(recipe.Seed + number));
        return recipe.GroupByModalityLength
            ? LengthGroups.ByModality(modalityLengths, recipe.Batch, recipe.Accumulation, random, random)
            : random.Permutation(modalityLengths.Count);
    }
}
