using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime.Language;

/// <summary>The adapters of a layer; null where a linear has none.</summary>
internal sealed record LlamaBlockLora(LoraLinear? Qkv, LoraLinear? Out, LoraLinear? GateUp, LoraLinear? Down);

/// <summary>An adapter of the language model while it is trained: the model's own weights stay as they are.</summary>
/// <param name="factor">s: alpha / rank.</param>
/// <param name="dropout">Share of an adapter's inputs that is dropped in training.</param>
internal sealed class LlamaLora(ComputeDevice device, float factor, float dropout) : IDisposable
{
    private readonly List<LlamaBlockLora> blocks = [];
    private readonly Arena deltas = new(device), dropped = new(device);

    public float Factor => factor;

    /// <summary>0 while the model answers.</summary>
    public float Dropout => IsTraining ? dropout : 0;

    public bool IsTraining { get; set; }

    /// <summary>Of the masks: another one for each sample, the same while a sample is computed again.</summary>
    public ulong Seed { get; set; }

    /// <summary>Columns of a layer's low activations: the sum of all ranks.</summary>
    public int Ranks { get; private set; }

    public IReadOnlyList<LlamaBlockLora> Blocks => blocks;

    /// <summary>Adapters of the next layer.</summary>
    /// <param name="parts">Of the four linears: their outputs, and the parts that have an adapter.</param>
    public void Add(params ReadOnlySpan<(int Outputs, IReadOnlyList<LoraPart> Parts)> parts)
    {
        var linears = new LoraLinear?[parts.Length];
        int column = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts[i].Parts.Count == 0) continue;
            linears[i] = new LoraLinear(this, parts[i].Parts, parts[i].Outputs, column, (ulong)(blocks.Count * 16 + i * 4) << 32);
            column += parts[i].Parts.Sum(part => part.A.Rows);
        }
        Ranks = column;
        blocks.Add(new LlamaBlockLora(linears[0], linears[1], linears[2], linears[3]));
    }

    public void Dispose()
    {
        deltas.Dispose();
        dropped.Dispose();
    }

    internal Matrix Delta(int rows, int columns) => Take(deltas, rows, columns);

    internal Matrix Dropped(int rows, int columns) => Take(dropped, rows, columns);

    private static Matrix Take(Arena arena, int rows, int columns)
    {
        using Arena.Scope scope = arena.Begin();
        return arena.Take(rows, columns);
    }
}
