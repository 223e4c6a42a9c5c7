using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Language;

/// <summary>The inside of one layer of the language model against the reference.</summary>
public sealed class LlamaBlockTests(ITestOutputHelper output)
{
    // The goldens' README: a stage inside a layer, from the stage before it; and the states that layers hand on.
    private const double Tolerance = 2e-5, StateTolerance = 1e-4;

    public static TheoryData<TestDevice> Devices => [.. TestDevices.ForModels];

    [Theory, MemberData(nameof(Devices))]
    public void Every_stage_of_a_layer_equals_the_reference(TestDevice device)
    {
        using SafeTensors golden = Golden.Tensors("original-tiny/cases/inner_llama_layer.safetensors");
        using var parts = new LoadedParts(Golden.Path("original-tiny/checkpoint"), device);
        LlamaConfig config = parts.Config.Language;
        LlamaWeights weights = parts.Loader.Language(parts.Tensors.Language);
        float[] input = golden["input"].ToFloats();
        int rows = input.Length / config.Hidden;
        var stages = new RecordedStages(parts.Queue, output);
        using var state = new LlamaState(parts.Device, config, parts.Device.ActivationType);
        using var batch = new LlamaBatch(parts.Device);
        batch.Add(state, rows);
        state.Reserve(parts.Queue, rows);
        batch.Upload(parts.Queue);
        Matrix x = parts.Matrix(input, rows, config.Hidden), y = parts.Matrix(new float[input.Length], rows, config.Hidden);
        LlamaBlock.Forward(parts.Queue, config, weights, 1, batch, x, LlamaActivations.Take(parts.Arena, config, rows), y, stages.Trace);

        void Equal(string expected, float[] got) => stages.Equal(expected, golden[expected].ToFloats(), got, Tolerance);
        Equal("after_input_norm", stages["attn_norm"]);
        Equal("q_proj", stages.Columns("qkv", 0, 256));
        Equal("k_proj", stages.Columns("qkv", 256, 256));
        Equal("v_proj", stages.Columns("qkv", 512, 256));
        // The reference lays these as (head, position, column).
        stages.Equal("q_after_rope", RecordedStages.SwapFirstAxes(golden["q_after_rope"]), stages["queries"], Tolerance);
        stages.Equal("k_after_rope", RecordedStages.SwapFirstAxes(golden["k_after_rope"]),
            parts.Queue.Read(state.Caches[1].Keys.Numbers.RowRange(0, rows)), Tolerance);
        Equal("attention_context", stages["context"]);
        Equal("after_attention_residual", stages["attn_residual"]);
        Equal("after_post_attention_norm", stages["ffn_norm"]);
        // Products of two sums near 15: their errors grow on the way through the layer, so this stage also starts from the reference's.
        stages.Equal("silu_gate_times_up, whole layer", golden["silu_gate_times_up"].ToFloats(), stages["gate_up"], StateTolerance);
        Matrix normed = parts.Matrix(golden["after_post_attention_norm"].ToFloats(), rows, config.Hidden);
        Matrix gated = parts.Matrix(new float[rows * config.FeedForward], rows, config.FeedForward);
        Linear.Run(parts.Queue, weights.Blocks[1].GateUp, normed, gated, new Epilogue(Activation: Activation.SiluUp));
        Equal("silu_gate_times_up", parts.Queue.Read(gated));
        stages.Equal("output", golden["output"].ToFloats(), stages["output"], StateTolerance);
        CheckTables(stages, golden, parts.Queue.Read(weights.Cos), "rope_cos", rows, config.HeadSize);
        CheckTables(stages, golden, parts.Queue.Read(weights.Sin), "rope_sin", rows, config.HeadSize);
    }

    public static TheoryData<TestDevice> WithHalves => [.. TestDevices.WithHalves];

    /// <summary>A real model's massive activations: silu(gate) · up and the residual stream beyond binary16, which
    /// ends at 65504, whatever the activations are.</summary>
    [Theory, MemberData(nameof(WithHalves))]
    public void Numbers_beyond_binary16_pass_through_a_layer(TestDevice device)
    {
        (float[] exact, _) = Massive(TestDevice.Cpu);
        (float[] got, float[] gated) = Massive(device);
        Assert.True(gated.Max(Math.Abs) > 1e5 && exact.Max(Math.Abs) > 1e5);
        double size = Math.Sqrt(exact.Sum(number => (double)number * number));
        double error = Math.Sqrt(exact.Zip(got, (a, b) => (double)(a - b) * (a - b)).Sum());
        output.WriteLine($"{device}: silu(gate) · up to {gated.Max(Math.Abs):G3}, output off by {error / size:P2} in the mean");
        Assert.True(error <= 0.01 * size, $"off by {error / size:P1}");
    }

    /// <summary>Layer 1 with a residual stream of 1e5 in one column, and with a norm that makes gate and up large.</summary>
    private static (float[] Output, float[] Gated) Massive(TestDevice device)
    {
        using SafeTensors golden = Golden.Tensors("original-tiny/cases/inner_llama_layer.safetensors");
        using var parts = new LoadedParts(Golden.Path("original-tiny/checkpoint"), device);
        LlamaConfig config = parts.Config.Language;
        LlamaWeights weights = parts.Loader.Language(parts.Tensors.Language);
        const int rows = 5;
        float[] input = golden["input"].ToFloats()[..(rows * config.Hidden)];
        for (int row = 0; row < rows; row++) input[row * config.Hidden + 7] = 1e5f;
        Matrix norm = weights.Blocks[1].FeedForwardNorm;
        parts.Queue.Write([.. parts.Queue.Read(norm).Select(number => 1000 * number)], norm);
        using var state = new LlamaState(parts.Device, config, parts.Device.ActivationType);
        using var batch = new LlamaBatch(parts.Device);
        batch.Add(state, rows);
        state.Reserve(parts.Queue, rows);
        batch.Upload(parts.Queue);
        Matrix y = parts.Matrix(new float[input.Length], rows, config.Hidden);
        float[] gated = [];
        LlamaBlock.Forward(parts.Queue, config, weights, 1, batch, parts.Matrix(input, rows, config.Hidden),
            LlamaActivations.Take(parts.Arena, config, rows), y,
            new StageTrace(parts.Queue, (name, _, _, values) => gated = name == "gate_up" ? values : gated));
        return (parts.Queue.Read(y), gated);
    }

    /// <summary>The reference's tables repeat their first half.</summary>
    private static void CheckTables(RecordedStages stages, SafeTensors golden, float[] table, string name, int rows, int headSize)
    {
        float[] expected = golden[name].ToFloats();
        float[] halves = [.. Enumerable.Range(0, rows).SelectMany(row => expected[(row * headSize)..(row * headSize + headSize / 2)])];
        stages.Equal(name, halves, table[..halves.Length], 1e-6);
    }
}
