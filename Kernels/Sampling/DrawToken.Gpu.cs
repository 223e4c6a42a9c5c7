using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Sampling;

internal static partial class DrawToken
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>A single item: a few dozen numbers, whose sums must be made in order. Weights are kept for the listed
    /// tokens; equals of the last weigh as much as it.</summary>
    [Kernel]
    internal static void Kernel(Index1D item, MatrixView<Float32> logits, int candidates, int k, ArrayView<int> best,
        MatrixView<Float32> settings, ArrayView<int> state,
        ArrayView<int> marks, TokenView result)
    {
        if (item >= 1) return;
        int listed = (int)best.Length, kept = k < listed ? k : listed;
        while (kept > 1 && logits[0, best[kept - 1]] == float.NegativeInfinity) kept--;
        int last = best[kept - 1], ties = 0, chosen = 0;
        float smallest = logits[0, last], temperature = settings[0, SamplingSettings.Temperature];
        if (kept == k && k < listed && logits[0, best[k]] == smallest) ties = Ties(logits, smallest, last, candidates);
        if (temperature != 0)
        {
            float largest = logits[0, best[0]];
            double sum = 0;
            for (int i = 0; i < kept; i++)
            {
                double weight = DeviceMath.Exp(((double)logits[0, best[i]] - largest) / temperature);
                result.Weights[i] = weight;
                sum += weight;
            }
            for (int i = 0; i < ties; i++) sum += result.Weights[kept - 1];
            chosen = Choose(result.Weights, kept, kept + ties, sum, settings, state);
        }
        int id = chosen < kept ? best[chosen] : Tie(logits, smallest, last, chosen - kept);
        marks[id] = 1;
        result.Id[0] = id;
    }

    private static int Choose(ArrayView<double> weights, int kept, int count, double sum, MatrixView<Float32> settings,
        ArrayView<int> state)
    {
        float topP = settings[0, SamplingSettings.TopP], minP = settings[0, SamplingSettings.MinP];
        double droppable = (1f - topP) * sum, dropped = 0;
        while (topP < 1f && count > 1 && dropped + Weight(weights, kept, count - 1) <= droppable)
        {
            count--;
            dropped += Weight(weights, kept, count);
        }
        sum -= dropped;
        while (count > 1 && Weight(weights, kept, count - 1) < minP)
        {
            count--;
            sum -= Weight(weights, kept, count);
        }
        double target = Uniform(state) * sum;
        for (int i = 0; i < count - 1; i++)
        {
            target -= Weight(weights, kept, i);
            if (target < 0) return i;
        }
        return count - 1;
    }

    private static double Weight(ArrayView<double> weights, int kept, int i) => weights[i < kept ? i : kept - 1];

    private static int Ties(MatrixView<Float32> logits, float logit, int after, int candidates)
    {
        int count = 0;
        for (int v = after + 1; v < candidates; v++)
        {
            if (logits[0, v] == logit) count++;
        }
        return count;
    }

    /// <summary>The id of the tie of a number from 0 on.</summary>
    private static int Tie(MatrixView<Float32> logits, float logit, int after, int number)
    {
        int v = after + 1;
        while (logits[0, v] != logit || number-- > 0) v++;
        return v;
    }

    private static double Uniform(ArrayView<int> state)
    {
        ulong mixed = ((ulong)(uint)state[1] << 32 | (uint)state[0]) + 0x9E37_79B9_7F4A_7C15;
        state[0] = (int)(uint)mixed;
        state[1] = (int)(uint)(mixed >> 32);
        mixed = (mixed ^ mixed >> 30) * 0xBF58_476D_1CE4_E5B9;
        mixed = (mixed ^ mixed >> 27) * 0x94D0_49BB_1331_11EB;
        return (double)(long)((mixed ^ mixed >> 31) >> 11) * (1.0 / (1UL << 53));
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix logits, int candidates, int k, IntVector best, Matrix settings, IntVector state,
        IntVector marks, IntVector id)
    {
        using Arena.Scope scope = queue.Scratch.Begin();
        Matrix scratch = queue.Scratch.Take(best.Length, 2); // a double is two float32
        var result = new TokenView(IlgpuViews.View<float>(scratch.Buffer, 0, 2 * best.Length).Cast<double>(), id.Gpu());
        queue.Launch(Kernel, 1, logits.Gpu(), candidates, k, best.Gpu(), settings.Gpu(), state.Gpu(), marks.Gpu(), result);
    }
}

/// <summary>Where a draw goes, and its scratch.</summary>
internal readonly struct TokenView(ArrayView<double> weights, ArrayView<int> id)
{
    public readonly ArrayView<double> Weights = weights;
    public readonly ArrayView<int> Id = id;
}
