using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Sampling;

internal static unsafe partial class DrawToken
{
    // A few dozen numbers: one thread.
    private static void Cpu(CpuQueue queue, Matrix logits, int candidates, int k, IntVector best, Matrix settings, IntVector state,
        IntVector marks, IntVector id)
    {
        _ = queue;
        float* row = logits.Cpu(), set = settings.Cpu();
        List<int> order = [.. new ReadOnlySpan<int>(best.Cpu(), Math.Min(k, best.Length))];
        while (order.Count > 1 && row[order[^1]] == float.NegativeInfinity) order.RemoveAt(order.Count - 1);
        float smallest = row[order[^1]];
        for (int v = order[^1] + 1; order.Count >= k && v < candidates; v++)
        {
            if (row[v] == smallest) order.Add(v);
        }
        int chosen = order[0];
        if (set[SamplingSettings.Temperature] != 0)
        {
            double[] weights = [.. order.Select(v => Math.Exp(((double)row[v] - row[order[0]]) / set[SamplingSettings.Temperature]))];
            chosen = order[Choose(weights, set[SamplingSettings.TopP], set[SamplingSettings.MinP], (uint*)state.Cpu())];
        }
        marks.Cpu()[chosen] = 1;
        id.Cpu()[0] = chosen;
    }

    private static int Choose(double[] weights, float topP, float minP, uint* state)
    {
        double sum = 0, dropped = 0;
        foreach (double weight in weights) sum += weight;
        int count = weights.Length;
        double droppable = (1 - topP) * sum;
        while (topP < 1 && count > 1 && dropped + weights[count - 1] <= droppable) dropped += weights[--count];
        sum -= dropped;
        while (count > 1 && weights[count - 1] < minP) sum -= weights[--count];
        double target = Uniform(state) * sum;
        for (int i = 0; i < count - 1; i++)
        {
            target -= weights[i];
            if (target < 0) return i;
        }
        return count - 1;
    }

    private static double Uniform(uint* state)
    {
        ulong mixed = ((ulong)state[1] << 32 | state[0]) + 0x9E37_79B9_7F4A_7C15;
        (state[0], state[1]) = ((uint)mixed, (uint)(mixed >> 32));
        mixed = (mixed ^ mixed >> 30) * 0xBF58_476D_1CE4_E5B9;
        mixed = (mixed ^ mixed >> 27) * 0x94D0_49BB_1331_11EB;
        return ((mixed ^ mixed >> 31) >> 11) * (1.0 / (1UL << 53));
    }
}
