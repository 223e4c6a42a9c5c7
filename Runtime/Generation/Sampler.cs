namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>Chooses the next token from logits. One per conversation: it holds scratch and the state of its random numbers.</summary>
/// <remarks>
/// Order: repetition penalty, temperature, top-k, top-p, min-p, soft-max, draw; formulas as in the transformers library's processors.
/// Nothing is allocated after construction.
/// </remarks>
internal sealed class Sampler
{
    private readonly SamplingOptions options;
    private readonly int sampledRows;
    private readonly int[] lastSeen;
    private readonly ulong[] order;
    private readonly double[] weights;
    private int step;
    private ulong random;

    /// <param name="rows">Length of the logits (V).</param>
    /// <param name="sampledRows">Rows from here on are never chosen: added tokens and padding of the table.</param>
    /// <exception cref="BadInputException">An option is out of range.</exception>
    public Sampler(SamplingOptions options, int rows, int sampledRows)
    {
        options.Validate();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sampledRows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sampledRows, rows);
        this.options = options;
        this.sampledRows = sampledRows;
        lastSeen = new int[rows];
        order = new ulong[sampledRows];
        weights = new double[sampledRows];
        random = options.Seed;
    }

    /// <summary>The next token. Changes the logits in place.</summary>
    /// <param name="logits">(V) scores of the next token.</param>
    /// <param name="history">Token ids so far; the penalty leaves out negative ones (visual markers) and those beyond the rows.</param>
    /// <exception cref="DeviceFailedException">No logit is a number.</exception>
    public int Next(Span<float> logits, ReadOnlySpan<int> history)
    {
        Penalize(logits, history);
        if (options.Temperature == 0) return Largest(logits);
        int kept = Weigh(logits, out double sum);
        double target = NextUniform() * sum;
        for (int i = 0; i < kept - 1; i++)
        {
            (int id, double weight) = Kept(i);
            target -= weight;
            if (target < 0) return id;
        }
        return Kept(kept - 1).Id;
    }

    /// <summary>The i-th likeliest of the tokens that <see cref="Weigh"/> kept, and its weight; the likeliest weighs 1.</summary>
    internal (int Id, double Weight) Kept(int i) => (Id(order[i]), weights[i]);

    /// <summary>Each distinct id of the history once: l p if l is negative, else l / p.</summary>
    internal void Penalize(Span<float> logits, ReadOnlySpan<int> history)
    {
        if (logits.Length != lastSeen.Length)
            throw new ArgumentException($"{logits.Length} logits for {lastSeen.Length} rows", nameof(logits));
        float penalty = options.RepetitionPenalty;
        if (penalty == 1) return;
        step++;
        foreach (int id in history)
        {
            if ((uint)id >= (uint)logits.Length || lastSeen[id] == step) continue;
            lastSeen[id] = step;
            logits[id] = logits[id] < 0 ? logits[id] * penalty : logits[id] / penalty;
        }
    }

    /// <summary>Equal logits: the lowest id, as every reference's argmax.</summary>
    private int Largest(ReadOnlySpan<float> logits)
    {
        int best = -1;
        float largest = float.NegativeInfinity;
        for (int id = 0; id < sampledRows; id++)
        {
            if (!(logits[id] > largest)) continue;
            (best, largest) = (id, logits[id]);
        }
        return best >= 0 ? best : throw NoNumber();
    }

    /// <summary>Orders the tokens that may be drawn: by falling logit, equals by rising id. Returns how many they are.</summary>
    /// <param name="sum">Of their weights.</param>
    internal int Weigh(ReadOnlySpan<float> logits, out double sum)
    {
        int count = 0;
        for (int id = 0; id < sampledRows; id++)
        {
            if (logits[id] > float.NegativeInfinity) order[count++] = SortKey(logits[id], id);
        }
        if (count == 0) throw NoNumber();
        order.AsSpan(0, count).Sort();
        float largest = logits[Id(order[0])];
        if (float.IsPositiveInfinity(largest)) throw NoNumber();
        count = KeepTopK(logits, count);
        sum = 0;
        for (int i = 0; i < count; i++) sum += weights[i] = Math.Exp(((double)logits[Id(order[i])] - largest) / options.Temperature);
        count = KeepTopP(count, ref sum);
        return KeepMinP(count, ref sum);
    }

    private int KeepTopK(ReadOnlySpan<float> logits, int count)
    {
        int k = options.TopK;
        if (k == 0 || k >= count) return count;
        float smallest = logits[Id(order[k - 1])];
        while (k < count && logits[Id(order[k])] == smallest) k++;
        return k;
    }

    /// <summary>From the least likely up, drops while the probability dropped so far stays within 1 - p; the likeliest stays.</summary>
    private int KeepTopP(int count, ref double sum)
    {
        if (options.TopP >= 1) return count;
        double droppable = (1 - options.TopP) * sum, dropped = 0;
        while (count > 1 && dropped + weights[count - 1] <= droppable) dropped += weights[--count];
        sum -= dropped;
        return count;
    }

    private int KeepMinP(int count, ref double sum)
    {
        while (count > 1 && weights[count - 1] < options.MinP) sum -= weights[--count];
        return count;
    }

    /// <summary>Numbers whose rising order is falling logits, then rising ids. -0 counts as 0.</summary>
    private static ulong SortKey(float logit, int id)
    {
        uint bits = BitConverter.SingleToUInt32Bits(logit + 0f);
        uint rising = (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
        return (ulong)~rising << 32 | (uint)id;
    }

    private static int Id(ulong key) => (int)(uint)key;

    /// <summary>Uniform in [0, 1): SplitMix64 (Steele, Lea, Flood 2014), the same on every machine and runtime.</summary>
    private double NextUniform()
    {
        random += 0x9E37_79B9_7F4A_7C15;
        ulong mixed = random;
        mixed = (mixed ^ mixed >> 30) * 0xBF58_476D_1CE4_E5B9;
        mixed = (mixed ^ mixed >> 27) * 0x94D0_49BB_1331_11EB;
        return ((mixed ^ mixed >> 31) >> 11) * (1.0 / (1UL << 53));
    }

    internal static DeviceFailedException NoNumber()
        => new($"the model's scores are not numbers; the checkpoint or the device is broken: try {Setting.Fp32}, or fetch the checkpoint "
            + "again")
        {
            Remedies = [Setting.Fp32],
        };
}
