using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Embedding;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Norm;
using EdgeVideoLlava.Kernels.Optimizer;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using EdgeVideoLlava.Kernels.Rotary;
using EdgeVideoLlava.Kernels.Sampling;

namespace EdgeVideoLlava.Tests.Unit.Kernels;

/// <summary>Each operation, in each of its forms, on the operands of a <see cref="ParityCase"/>.</summary>
internal static class ParityOperations
{
    /// <summary>So few outputs that groups share the columns.</summary>
    public const string ManyColumns = "Linear, many columns";

    private const string GatedWithKeptSums = "Linear, to activations, with kept sums";

    public static bool IsProduct(string name) => name.StartsWith("Linear") && name != ManyColumns;

    /// <summary>A result is a product of two sums.</summary>
    public static bool IsGated(string name) => name.Contains("SiLU") || name == GatedWithKeptSums;

    /// <summary>Products of activations and of float32, without an epilogue.</summary>
    public static bool IsPlainProduct(string name) => name is "Linear" or "Linear, float32 to activations";

    public static bool HasWeight(string name) => name.StartsWith("Linear") || name is "EmbeddingGather" or "DequantizeRows";

    public static IReadOnlyDictionary<string, Func<ParityCase, Matrix>> All { get; } = new Dictionary<string, Func<ParityCase, Matrix>>
    {
        ["Linear"] = c => Product(c, new Epilogue()),
        ["Linear, bias"] = c => Product(c, new Epilogue(c.Matrix(1, c.N))),
        ["Linear, residual"] = c => Product(c, new Epilogue(Residual: c.Matrix(c.T, c.N))),
        ["Linear, bias, GELU, residual"] = c => Product(c, new Epilogue(c.Matrix(1, c.N), Activation.Gelu, c.Matrix(c.T, c.N))),
        ["Linear, bias, to activations"] = c => c.RunActivations(c.T, c.N, (queue, y) => Linear.Run(
            queue, c.Weight(c.N, c.K), c.Activations(c.T, c.K), y, new Epilogue(c.Matrix(1, c.N)))),
        ["Linear, float32 to activations"] = c => c.RunActivations(c.T, c.N, (queue, y) => Linear.Run(
            queue, c.Weight(c.N, c.K), c.Matrix(c.T, c.K), y)),
        ["Linear, float32"] = c => c.Run(c.T, c.N, (queue, y) => Linear.Run(
            queue, c.Weight(c.N, c.K), c.Matrix(c.T, c.K), y)),
        [ManyColumns] = c => c.Run(c.T, 2, (queue, y) => Linear.Run(queue, c.Weight(2, 2304), c.Matrix(c.T, 2304), y)),
        ["Linear, quick GELU"] = c => Product(c, new Epilogue(Activation: Activation.QuickGelu)),
        ["Linear, SiLU·up"] = c => Product(c, new Epilogue(Activation: Activation.SiluUp)),
        ["Linear, bias, SiLU·up, residual"] = c => Product(c, new Epilogue(c.Matrix(1, 2 * c.N), Activation.SiluUp, c.Matrix(c.T, c.N))),
        ["Linear, kept sums"] = c => c.Run(c.T, c.N, (queue, kept) => Linear.Run(
            queue, c.Weight(c.N, c.K), c.Activations(c.T, c.K), c.Matrix(c.T, c.N),
            new Epilogue(c.Matrix(1, c.N), Activation.Gelu, PreActivation: kept))),
        [GatedWithKeptSums] = c => c.RunActivations(c.T, c.N, (queue, y) => Linear.Run(
            queue, c.Weight(2 * c.N, c.K), c.Activations(c.T, c.K), y,
            new Epilogue(Activation: Activation.SiluUp, PreActivation: c.Matrix(c.T, 2 * c.N)))),
        ["RmsNorm"] = c => c.RunActivations(c.T, c.N, (queue, y) => RmsNorm.Run(queue, c.Matrix(c.T, c.N), c.Matrix(1, c.N), 1e-5f, y)),
        ["LayerNorm"] = c => c.RunActivations(c.T, c.N, (queue, y) => LayerNorm.Run(
            queue, c.Matrix(c.T, c.N), c.Matrix(1, c.N), c.Matrix(1, c.N), 1e-5f, y)),
        ["RmsNorm, kept scales"] = c => c.Run(c.T, 1, (queue, kept) => RmsNorm.Run(
            queue, c.Matrix(c.T, c.N), c.Matrix(1, c.N), 1e-5f, c.Activations(c.T, c.N), kept)),
        ["LayerNorm, kept statistics"] = c => c.Run(c.T, 2, (queue, kept) => LayerNorm.Run(
            queue, c.Matrix(c.T, c.N), c.Matrix(1, c.N), c.Matrix(1, c.N), 1e-5f, c.Activations(c.T, c.N), kept)),
        ["RotaryEmbedding, queries"] = c => c.RunActivations(c.T, 4 * c.N, (queue, y) => Rotary(
            c, queue, y, c.Activations(9, 2 * c.N), c.Activations(9, 2 * c.N))),
        ["RotaryEmbedding, keys"] = c => c.RunActivations(9, 2 * c.N, (queue, y) => Rotary(
            c, queue, c.Activations(c.T, 4 * c.N), y, c.Activations(9, 2 * c.N))),
        ["RotaryEmbedding, values"] = c => c.RunActivations(9, 2 * c.N, (queue, y) => Rotary(
            c, queue, c.Activations(c.T, 4 * c.N), c.Activations(9, 2 * c.N), y)),
        ["RotaryEmbedding, bytes"] = c => c.RunActivations(9, 2 * c.N, (queue, y) =>
        {
            HeadRows keys = c.Bytes(9, 1, 2 * c.N), values = c.Bytes(9, 1, 2 * c.N);
            Rotary(c, queue, c.Activations(c.T, 4 * c.N), keys, values);
            DequantizeHeads.Run(queue, values, 2 * c.N, y); // keys, which are turned first, may lie on the border of two levels
        }),
        ["CausalAttention, bytes"] = c => c.RunActivations(c.T, 6 * c.N, (queue, y) => CausalAttention.Run(
            queue, c.Activations(c.T, 6 * c.N), c.Bytes(13, 2, c.N), c.Bytes(13, 2, c.N), c.Ints(c.T, i => i * 7 % 13), c.N, y)),
        ["CausalAttention"] = c => c.RunActivations(c.T, 6 * c.N, (queue, y) => CausalAttention.Run(
            queue, c.Activations(c.T, 6 * c.N), c.Activations(13, 2 * c.N), c.Activations(13, 2 * c.N),
            c.Ints(c.T, i => i * 7 % 13), c.N, y)),
        ["CausalAttention of many rows"] = c => c.RunActivations(4 * c.T, 6 * c.N, (queue, y) => CausalAttention.Run(
            queue, c.Activations(4 * c.T, 6 * c.N), c.Activations(40, 2 * c.N), c.Activations(40, 2 * c.N),
            c.Ints(4 * c.T, i => i * 7 % 40), c.N, y)),
        ["FullAttention, spatial"] = c => c.RunActivations(2 * c.T, 2 * c.N, (queue, y) => FullAttention.Run(
            queue, c.Activations(2 * c.T, 6 * c.N), SequenceLayout.Spatial(2, c.T), 2, y)),
        ["FullAttention, temporal"] = c => c.RunActivations(6 * c.T, 2 * c.N, (queue, y) => FullAttention.Run(
            queue, c.Activations(6 * c.T, 6 * c.N), SequenceLayout.Temporal(2, 3, c.T), 2, y)),
        ["CausalAttention, kept log-sums"] = c => c.Run(c.T, 6, (queue, kept) => CausalAttention.Run(
            queue, c.Activations(c.T, 6 * c.N), c.Activations(13, 2 * c.N), c.Activations(13, 2 * c.N),
            c.Ints(c.T, i => i * 7 % 13), c.N, c.Activations(c.T, 6 * c.N), kept)),
        ["CausalAttention of many rows, kept log-sums"] = c => c.Run(4 * c.T, 6, (queue, kept) => CausalAttention.Run(
            queue, c.Activations(4 * c.T, 6 * c.N), c.Activations(40, 2 * c.N), c.Activations(40, 2 * c.N),
            c.Ints(4 * c.T, i => i * 7 % 40), c.N, c.Activations(4 * c.T, 6 * c.N), kept)),
        ["FullAttention, kept log-sums"] = c => c.Run(2 * c.T, 2, (queue, kept) => FullAttention.Run(
            queue, c.Activations(2 * c.T, 6 * c.N), SequenceLayout.Spatial(2, c.T), 2, c.Activations(2 * c.T, 2 * c.N), kept)),
        ["EmbeddingGather"] = c => c.Run(c.T, c.K, (queue, y) => EmbeddingGather.Run(
            queue, c.Weight(11, c.K), c.Ints(c.T, i => i * 7 % 11), y)),
        ["PatchEmbedding"] = c => c.Run(2 * 5, c.N, (queue, y) => PatchEmbedding.Run(
            queue, c.Rounded(2 * 3 * 6, 6), c.Weight(c.N, 27), c.Matrix(1, c.N), c.Matrix(5, c.N), 3, y)),
        ["AddRows"] = c => c.Run(c.T, c.N, (queue, y) => AddRows.Run(queue, c.Matrix(c.T, c.N), c.Matrix(3, c.N), 2, y)),
        ["CopyRows"] = c => c.RunActivations(c.T, c.N, (queue, y) => CopyRows.Run(queue, c.Activations(c.T, c.N), y)),
        ["CopyRows, bytes"] = c => c.RunActivations(c.T, 2 * c.N, (queue, y) =>
        {
            HeadRows copy = c.Bytes(c.T, 2, c.N);
            HeadRows.Copy(queue, c.Bytes(c.T + 1, 2, c.N), copy, c.T);
            DequantizeHeads.Run(queue, copy, c.N, y);
        }),
        ["ResampleBytes"] = c => c.Run(2 * 3 * c.T, c.N, (queue, y) => ResampleBytes.Run(
            queue, c.Frames(2, c.T + 3, c.N + 4), c.FixedPointAxis(c.N + 4, c.N), c.FixedPointAxis(c.T + 3, c.T), c.Matrix(3, 256), y)),
        ["ResamplePoints"] = c => c.Run(2 * 3 * c.T, c.N, (queue, y) => ResamplePoints.Run(
            queue, c.Frames(2, c.T + 3, c.N + 4), c.PointAxis(c.N + 4, c.N), c.PointAxis(c.T + 3, c.T), c.Colours(), y)),
        ["ConvertRows, to binary16 and back"] = c => c.Run(c.T, c.N, (queue, y) =>
        {
            Matrix halves = c.Scratch(c.T, c.N, StorageType.F16);
            ConvertRows.Run(queue, c.Matrix(c.T, c.N), halves);
            ConvertRows.Run(queue, halves, y);
        }),
        ["ConvertRows, from bfloat16"] = c => c.Run(c.T, c.N, (queue, y) => ConvertRows.Run(queue, c.UpperHalves(c.T, c.N), y)),
        ["QuantizeRows, Q8_0"] = c => Quantized(c, StorageType.Q8_0),
        ["QuantizeRows, Q4_0"] = c => Quantized(c, StorageType.Q4_0),
        ["RoundRows, binary16"] = c => Rounded(c, StorageType.F16),
        ["RoundRows, bfloat16"] = c => Rounded(c, StorageType.BF16),
        ["DequantizeRows"] = c => c.Run(c.T, c.K, (queue, y) => DequantizeRows.Run(queue, c.Weight(c.T + 2, c.K), 1, y)),
        ["RepetitionPenalty"] = c => c.Run(1, c.N, (queue, y) =>
        {
            CopyRows.Run(queue, c.Matrix(1, c.N), y);
            RepetitionPenalty.Run(queue, y, c.Ints(c.N, i => i % 2), c.Settings());
        }),
        ["DrawToken"] = c => c.Run(1, 3, (queue, y) =>
        {
            Matrix logits = c.Matrix(1, c.N + 4);
            IntVector best = c.Ints(3, _ => 0);
            TopK.Run(queue, logits, c.N + 2, best, y);
            DrawToken.Run(queue, logits, c.N + 2, 2, best, c.Settings(), c.Ints(2, i => i + c.T), c.Ints(c.N + 4, _ => 0), c.IdResult(1));
        }),
        ["TopK"] = c => c.Run(c.T, 3, (queue, y) => TopK.Run(queue, c.Matrix(c.T, c.N + 4), c.N + 2, c.IdResult(3 * c.T), y)),
        ["Fill"] = c => c.Run(c.T, c.N, (queue, y) => Fill.Run(queue, y, 1.5f)),
        ["Scale"] = c => c.Run(c.T, c.N, (queue, y) => Changed(c, queue, y, () => Scale.Run(queue, y, -1.5f))),
        ["SumRows"] = c => c.Run(3, c.N, (queue, y) => Changed(c, queue, y, () => SumRows.Run(queue, c.Matrix(2 * c.T, c.N), y, 2))),
        ["GatherRows"] = c => c.Run(c.T, c.N, (queue, y) => GatherRows.Run(queue, c.Matrix(11, c.N), c.Ints(c.T, i => i * 7 % 11), y)),
        ["MeanRows"] = c => c.Run(c.T, c.N, (queue, y) => MeanRows.Run(queue, c.Matrix(3 * c.T, c.N), y)),
        ["MeanRows, backward"] = c => c.Run(3 * c.T, c.N, (queue, dx) => MeanRows.Backward(queue, c.Matrix(c.T, c.N), dx)),
        ["L2Normalize"] = c => c.Run(c.T, c.N, (queue, y) => L2Normalize.Run(queue, c.Matrix(c.T, c.N), y)),
        ["L2Normalize, backward"] = c => c.Run(c.T, c.N, (queue, dx) => L2Normalize.Backward(
            queue, c.Matrix(c.T, c.N), c.Matrix(c.T, c.N), dx)),
        ["Dropout"] = c => c.Run(c.T, c.N, (queue, y) => Dropout.Run(queue, c.Matrix(c.T, c.N), 0.3f, 7, y)),
        ["Dropout, added"] = c => c.Run(c.T, c.N, (queue, y) => Changed(c, queue, y,
            () => Dropout.Run(queue, c.Matrix(c.T, c.N), 0.3f, 7, y, add: true))),
        ["Activate, GELU"] = c => Activated(c, Activation.Gelu),
        ["Activate, quick GELU"] = c => Activated(c, Activation.QuickGelu),
        ["Activate, SiLU·up"] = c => Activated(c, Activation.SiluUp),
        ["Activate, none"] = c => Activated(c, Activation.None),
        ["Activate, backward of GELU"] = c => ActivatedBackward(c, Activation.Gelu),
        ["Activate, backward of quick GELU"] = c => ActivatedBackward(c, Activation.QuickGelu),
        ["Activate, backward of SiLU·up"] = c => ActivatedBackward(c, Activation.SiluUp),
        ["Activate, backward of none"] = c => ActivatedBackward(c, Activation.None),
        ["Linear, backward"] = c => c.Run(c.T, c.K, (queue, dx) => Linear.InputBackward(
            queue, c.Weight(c.N, c.K), c.Matrix(c.T, c.N), dx)),
        ["Backward of a weight"] = c => c.Run(c.N, c.N, (queue, dw) => Changed(c, queue, dw, () => Linear.WeightBackward(
            queue, c.Matrix(c.T, c.N), c.Matrix(c.T, c.N), dw))),
        ["RmsNorm, backward"] = c => c.Run(c.T, c.N, (queue, dx) => RmsNorm.Backward(
            queue, c.Matrix(c.T, c.N), c.Matrix(1, c.N), c.Matrix(c.T, 1), c.Matrix(c.T, c.N), dx, null, null)),
        ["RmsNorm, backward of the weight"] = c => c.Run(1, c.N, (queue, dw) => Changed(c, queue, dw, () => RmsNorm.Backward(
            queue, c.Matrix(c.T, c.N), c.Matrix(1, c.N), c.Matrix(c.T, 1), c.Matrix(c.T, c.N), null, null, dw))),
        ["LayerNorm, backward"] = c => c.Run(c.T, c.N, (queue, dx) => LayerNorm.Backward(
            queue, c.Matrix(c.T, c.N), c.Matrix(1, c.N), c.Matrix(c.T, 2), c.Matrix(c.T, c.N), dx, c.Matrix(c.T, c.N), null, null)),
        ["LayerNorm, backward of the weight"] = c => c.Run(1, c.N, (queue, dw) => Changed(c, queue, dw, () => LayerNorm.Backward(
            queue, c.Matrix(c.T, c.N), c.Matrix(1, c.N), c.Matrix(c.T, 2), c.Matrix(c.T, c.N), null, null, dw, null))),
        ["LayerNorm, backward of the bias"] = c => c.Run(1, c.N, (queue, db) => Changed(c, queue, db, () => LayerNorm.Backward(
            queue, c.Matrix(c.T, c.N), c.Matrix(1, c.N), c.Matrix(c.T, 2), c.Matrix(c.T, c.N), null, null, null, db))),
        ["RotaryEmbedding, backward"] = c => c.Run(c.T, 4 * c.N, (queue, heads) => Changed(c, queue, heads,
            () => RotaryEmbedding.Backward(queue, heads, c.Dense(9, c.N), c.Dense(9, c.N), c.Ints(c.T, i => i * 5 % 9)))),
        ["EmbeddingGather, backward"] = c => c.Run(11, c.N, (queue, table) => Changed(c, queue, table,
            () => EmbeddingGather.Backward(queue, c.Matrix(c.T, c.N), c.Ints(c.T, i => i * 7 % 11), table, padding: 7))),
        ["PatchEmbedding, backward"] = c => c.Run(c.N, 27, (queue, dw) => Changed(c, queue, dw, () => PatchEmbedding.Backward(
            queue, c.Matrix(2 * 3 * 6, 6), 3, c.Matrix(2 * 5, c.N), dw, c.Matrix(1, c.N), c.Matrix(5, c.N)))),
        ["CrossEntropy, backward"] = c => c.Run(c.T, c.N, (queue, logits) => Changed(c, queue, logits, () => CrossEntropy.Backward(
            queue, logits, c.Ints(c.T, i => i % 3 == 1 ? CrossEntropy.Ignored : i % c.N), c.Matrix(c.T, 1), 0.7f))),
        ["CausalAttention, backward of queries"] = c => c.Run(c.T, 4 * c.N, (queue, dq) => CausalBackward(
            c, queue, dq, c.Matrix(13, 2 * c.N), c.Matrix(13, 2 * c.N))),
        ["CausalAttention, backward of keys"] = c => c.Run(13, 2 * c.N, (queue, dk) => CausalBackward(
            c, queue, c.Matrix(c.T, 4 * c.N), dk, c.Matrix(13, 2 * c.N))),
        ["CausalAttention, backward of values"] = c => c.Run(13, 2 * c.N, (queue, dv) => CausalBackward(
            c, queue, c.Matrix(c.T, 4 * c.N), c.Matrix(13, 2 * c.N), dv)),
        ["FullAttention, backward"] = c => c.Run(6 * c.T, 6 * c.N, (queue, dqkv) =>
        {
            Matrix qkv = c.Matrix(6 * c.T, 6 * c.N), y = c.Matrix(6 * c.T, 2 * c.N), logSums = c.Matrix(6 * c.T, 2);
            var layout = SequenceLayout.Temporal(2, 3, c.T);
            FullAttention.Run(queue, qkv, layout, 2, y, logSums);
            FullAttention.Backward(queue, qkv, layout, 2, y, logSums, c.Matrix(6 * c.T, 2 * c.N), dqkv);
        }),
        ["AdamW"] = c => c.Run(c.T, c.N, (queue, value) => Changed(c, queue, value, () =>
        {
            Matrix first = c.Matrix(c.T, c.N), second = c.Matrix(c.T, c.N);
            Fill.Run(queue, second, 0.5f);
            for (int step = 1; step < 3; step++)
            {
                AdamW.Run(queue, value, c.Matrix(c.T, c.N), first, second, new AdamWStep(0.01, step, 0.5f, 0.9, 0.999, 1e-8, 0.1));
            }
        })),
        ["SquaredNorm"] = c => c.Run(1, 1, (queue, y) => queue.Write([(float)SquaredNorm.Of(queue, c.Matrix(c.T, c.N))], y)),
        ["CrossEntropy"] = c => c.Run(c.T, 1, (queue, y) => CrossEntropy.Run(
            queue, c.Matrix(c.T, c.N), c.Ints(c.T, i => i % 3 == 1 ? CrossEntropy.Ignored : i % c.N), y)),
    };

    private static void Rotary(ParityCase c, ComputeQueue queue, Matrix queries, HeadRows keys, HeadRows values)
        => RotaryEmbedding.Run(
            queue, c.Activations(c.T, 8 * c.N), c.Dense(9, c.N), c.Dense(9, c.N), c.Ints(c.T, i => i * 5 % 9), queries, keys, values);

    /// <summary>An operation on what is there already.</summary>
    private static void Changed(ParityCase c, ComputeQueue queue, Matrix y, Action change)
    {
        CopyRows.Run(queue, c.Matrix(y.Rows, y.Columns), y);
        change();
    }

    private static Matrix Activated(ParityCase c, Activation activation) => c.Run(c.T, c.N, (queue, y) => Activate.Run(
        queue, activation, c.Matrix(c.T, activation == Activation.SiluUp ? 2 * c.N : c.N), y));

    private static Matrix ActivatedBackward(ParityCase c, Activation activation)
    {
        int columns = activation == Activation.SiluUp ? 2 * c.N : c.N;
        return c.Run(c.T, columns, (queue, dz) => Activate.Backward(queue, activation, c.Matrix(c.T, columns), c.Matrix(c.T, c.N), dz));
    }

    private static void CausalBackward(ParityCase c, ComputeQueue queue, Matrix dq, Matrix dk, Matrix dv)
    {
        var queries = new QueryRows(
            c.Matrix(c.T, 4 * c.N), c.Ints(c.T, i => i * 7 % 13), c.N, c.Matrix(c.T, 4 * c.N), c.Matrix(c.T, 4));
        Matrix keys = c.Matrix(13, 2 * c.N), values = c.Matrix(13, 2 * c.N);
        CausalAttention.Run(queue, queries.Q, keys, values, queries.Positions, c.N, queries.Y, queries.LogSums);
        CausalAttention.Backward(queue, queries, keys, values, c.Matrix(c.T, 4 * c.N), dq, dk, dv);
    }

    private static Matrix Product(ParityCase c, Epilogue epilogue)
        => c.Run(c.T, c.N, (queue, y) => Linear.Run(
            queue, c.Weight(epilogue.Activation == Activation.SiluUp ? 2 * c.N : c.N, c.K), c.Activations(c.T, c.K), y, epilogue));

    private static Matrix Rounded(ParityCase c, StorageType type) => c.Run(c.T, c.N, (queue, y) =>
    {
        Weight weight = c.Empty(type, c.T, c.N);
        RoundRows.Run(queue, c.Matrix(c.T, c.N), weight);
        DequantizeRows.Run(queue, weight, 0, y);
    });

    /// <summary>There and back; three blocks a row.</summary>
    private static Matrix Quantized(ParityCase c, StorageType type) => c.Run(c.T, 96, (queue, y) =>
    {
        Weight weight = c.Empty(type, c.T, 96);
        QuantizeRows.Run(queue, c.Activations(c.T, 96), weight, c.IdResult(1));
        DequantizeRows.Run(queue, weight, 0, y);
    });
}
