using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Norm;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Rotary;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Vision;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>The kernels of one forward pass, each at the shapes that a config gives it.</summary>
/// <param name="config">Its sizes; the number of layers does not matter.</param>
/// <param name="positions">Of the prompt that is prefilled.</param>
/// <param name="activation">F32 or F16.</param>
internal sealed class KernelWorks(VideoLlavaConfig config, int positions, StorageType activation)
{
    private const StorageType Float = StorageType.F32;

    private readonly LlamaConfig language = config.Language;
    private readonly VisionConfig tower = config.VideoTower;

    private int TowerRows => config.ClipFrames * tower.Positions;

    public IEnumerable<KernelWork> All(IReadOnlyList<StorageType> types)
        => types.SelectMany(type => new[] { 1, 8 }.SelectMany(rows => Products(type, rows)))
            .Concat(types.SelectMany(type => Products(type, positions))).Concat(TowerProducts()).Concat(Attention()).Concat(Rest());

    /// <summary>The four products of a language layer, and the up rows alone.</summary>
    public IEnumerable<KernelWork> Products(StorageType type, int rows)
    {
        int hidden = language.Hidden, wide = language.FeedForward, query = language.QueryColumns;
        yield return Product("qkv", type, rows, query + 2 * language.KeyColumns, hidden, activation, activation);
        yield return Product("out + residual", type, rows, hidden, query, activation, Float, residual: true);
        yield return Product("up", type, rows, wide, hidden, activation, Float);
        yield return Product("gate, up, SiLU·up", type, rows, wide, hidden, activation, Float, Activation.SiluUp);
        yield return Product("down + residual", type, rows, hidden, wide, Float, Float, residual: true);
    }

    /// <summary>The four products of a tower's layer, over all frames.</summary>
    public IEnumerable<KernelWork> TowerProducts()
    {
        int hidden = tower.Hidden;
        yield return Product("tower qkv, bias", StorageType.F16, TowerRows, 3 * hidden, hidden, activation, activation, bias: true);
        yield return Product("tower out, bias + residual", StorageType.F16, TowerRows, hidden, hidden, activation, Float, residual: true,
            bias: true);
        yield return Product("tower fc1, bias, GELU", StorageType.F16, TowerRows, tower.FeedForward, hidden, activation, activation,
            Activation.Gelu, bias: true);
        yield return Product("tower fc2, bias + residual", StorageType.F16, TowerRows, hidden, tower.FeedForward, activation, Float,
            residual: true, bias: true);
    }

    public IEnumerable<KernelWork> Attention()
    {
        int head = language.HeadSize;
        yield return Causal("attention, prefill", positions, true);
        yield return Causal("attention, decode", 1, false);
        yield return Causal("attention, decode, int8 cache", 1, false, StorageType.I8);
        yield return Tower("tower attention, pictures", SequenceLayout.Spatial(config.ClipFrames, tower.Positions));
        if (tower.TemporalFrames > 0)
            yield return Tower("tower attention, over time", SequenceLayout.Temporal(config.ClipFrames / tower.TemporalFrames,
                tower.TemporalFrames, tower.Positions));

        KernelWork Causal(string name, int rows, bool onTensorCores, StorageType? bytes = null) => new(
            name, $"{rows} rows, {positions} positions, {language.Heads} heads of {head}", null,
            KernelCost.CausalAttention(rows, positions, language, activation, bytes ?? activation), onTensorCores, o =>
            {
                Matrix q = o.Activations(rows, language.QueryColumns), y = o.Activations(rows, language.QueryColumns);
                HeadRows Cache() => bytes == null ? o.Activations(positions, language.KeyColumns)
                    : o.Bytes(positions, language.KeyValueHeads, head);
                int turns = rows == 1 ? o.Turns(2 * positions * HeadRows.RowBytes(language.KeyValueHeads, head, bytes ?? activation)) : 1;
                (HeadRows Keys, HeadRows Values)[] caches = [.. Enumerable.Range(0, turns).Select(_ => (Cache(), Cache()))];
                IntVector places = o.Ints(Enumerable.Range(positions - rows, rows));
                return turn => CausalAttention.Run(o.Queue, q, caches[turn % turns].Keys, caches[turn % turns].Values, places, head, y);
            });

        KernelWork Tower(string name, SequenceLayout layout) => new(
            name, $"{layout.Count} x {layout.Length} rows, {tower.Heads} heads of {tower.Hidden / tower.Heads}", null,
            KernelCost.FullAttention(layout, tower.Hidden, activation), true, o =>
            {
                Matrix qkv = o.Activations(TowerRows, 3 * tower.Hidden), y = o.Activations(TowerRows, tower.Hidden);
                return _ => FullAttention.Run(o.Queue, qkv, layout, tower.Heads, y);
            });
    }

    /// <summary>What only moves numbers.</summary>
    public IEnumerable<KernelWork> Rest()
    {
        int hidden = language.Hidden, size = activation.ElementBytes();
        foreach (int rows in new[] { 1, positions })
        {
            yield return Moving("RMSNorm", rows, hidden, 4 + size, o =>
            {
                Matrix x = o.Matrix(rows, hidden), w = o.Matrix(1, hidden), y = o.Activations(rows, hidden);
                return () => RmsNorm.Run(o.Queue, x, w, 1e-5f, y);
            });
            int columns = language.QueryColumns + 2 * language.KeyColumns;
            yield return Moving("rotary embedding, to the cache", rows, columns, 2 * size, o =>
            {
                Matrix qkv = o.Activations(rows, columns);
                Matrix queries = o.Activations(rows, language.QueryColumns);
                Matrix table = o.Matrix(rows, language.HeadSize / 2);
                Matrix keys = o.Activations(rows, language.KeyColumns), values = o.Activations(rows, language.KeyColumns);
                IntVector places = o.Ints(Enumerable.Range(0, rows));
                return () => RotaryEmbedding.Run(o.Queue, qkv, table, table, places, queries, keys, values);
            });
        }
        yield return Moving("LayerNorm", TowerRows, tower.Hidden, 4 + size, o =>
        {
            Matrix x = o.Matrix(TowerRows, tower.Hidden), w = o.Matrix(1, tower.Hidden), y = o.Activations(TowerRows, tower.Hidden);
            return () => LayerNorm.Run(o.Queue, x, w, w, 1e-5f, y);
        });
        yield return Moving("most likely word (top-1)", 1, language.Vocabulary, 4, o =>
        {
            Matrix x = o.Matrix(1, language.Vocabulary), y = o.Matrix(1, 1);
            IntVector ids = o.Ints([0]);
            return () => TopK.Run(o.Queue, x, language.Vocabulary, ids, y);
        });
    }

    private static KernelWork Moving(string name, int rows, int columns, int bytesEach, Func<KernelOperands, Action> prepare) => new(
        name, $"{rows} x {columns}", null, KernelCost.Traffic((double)rows * columns * bytesEach), false, o =>
        {
            Action run = prepare(o);
            return _ => run();
        });

    private static KernelWork Product(
        string name, StorageType type, int rows, int outputs, int columns, StorageType x, StorageType y,
        Activation function = Activation.None, bool residual = false, bool bias = false)
    {
        bool gated = function == Activation.SiluUp;
        int weightRows = gated ? 2 * outputs : outputs;
        return new KernelWork(
            name, $"{rows} x {columns} to {weightRows}", type, KernelCost.Linear(rows, outputs, columns, type, x, y, gated, residual),
            rows > 8, o =>
            {
                Weight[] weights = o.Weights(type, weightRows, columns);
                Matrix input = o.Matrix(rows, columns, x), result = o.Matrix(rows, outputs, y);
                var epilogue = new Epilogue(bias ? o.Matrix(1, weightRows) : null, function, residual ? o.Matrix(rows, outputs) : null);
                return turn => Linear.Run(o.Queue, weights[turn % weights.Length], input, result, epilogue);
            });
    }
}
