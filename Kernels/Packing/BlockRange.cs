namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>Where the numbers of a block lie, and their levels: what the quantizers of the 32-number blocks share.</summary>
internal static unsafe class BlockRange
{
    /// <summary>The number of largest magnitude, with its sign; the first of several.</summary>
    public static float Extreme(float* x, int count)
    {
        float extreme = 0, magnitude = 0;
        for (int i = 0; i < count; i++)
        {
            if (MathF.Abs(x[i]) > magnitude) (extreme, magnitude) = (x[i], MathF.Abs(x[i]));
        }
        return extreme;
    }

    public static (float Smallest, float Largest) Ends(float* x, int count)
    {
        float smallest = x[0], largest = x[0];
        for (int i = 1; i < count; i++)
        {
            if (x[i] < smallest) smallest = x[i];
            if (x[i] > largest) largest = x[i];
        }
        return (smallest, largest);
    }

    /// <summary>A level cut off to a whole number 0..top; what an infinite inverse of a subnormal scale gives is inside, too.</summary>
    public static int Level(float level, int top) => Math.Clamp((int)level, 0, top);
}
