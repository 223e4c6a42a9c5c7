namespace EdgeVideoLlava.Trainer;

/// <summary>Dynamic loss scaling: what half precision's gradients are multiplied with, so that small ones do not vanish.</summary>
/// <remarks>
/// The rules of torch.cuda.amp.GradScaler: a step with a number that is not finite is skipped and halves the scale; so many good steps in
/// a row double it.
/// </remarks>
internal sealed class LossScaler(float scale, int growthInterval = 2000)
{
    /// <summary>Below it a run cannot be saved by smaller scales.</summary>
    public const float Floor = 1f / (1 << 14);

    /// <summary>The loss is multiplied with it.</summary>
    public float Scale { get; private set; } = scale;

    /// <summary>Good steps since the scale changed.</summary>
    public int Good { get; private set; }

    /// <summary>Steps that were skipped.</summary>
    public int Skipped { get; private set; }

    /// <summary>Goes on from a saved state.</summary>
    public void Restore(float scale, int good, int skipped) => (Scale, Good, Skipped) = (scale, good, skipped);

    /// <param name="finite">Whether every gradient of the step was a finite number.</param>
    /// <returns>Whether the step is taken.</returns>
    public bool Update(bool finite)
    {
        if (!finite)
        {
            (Scale, Good) = (Scale / 2, 0);
            Skipped++;
        }
        else if (++Good == growthInterval) (Scale, Good) = (Scale * 2, 0);
        return finite;
    }
}
