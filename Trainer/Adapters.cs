using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Trainer;

/// <summary>Makes the adapters of a model, as peft initialises them: A uniform in ±1/√in, B zero.</summary>
/// <param name="learn">Told each matrix, A and B in turns, with its name and shape; gives where its gradient is summed.</param>
internal sealed class Adapters(VideoLlava model, LoraOptions options, int seed, Func<TensorSpec, Matrix, Matrix> learn)
{
    private readonly Random random = new(seed);
    private readonly List<IDisposable> owned = [];

    /// <summary>Memory of the matrices.</summary>
    public IReadOnlyList<IDisposable> Owned => owned;

    /// <summary>Puts them beside the model's weights.</summary>
    public LlamaLora Attach()
    {
        var lora = new LlamaLora(model.Device, (float)(options.Alpha / options.Rank), (float)options.Dropout);
        foreach (LlamaBlockTensors block in new ModelTensors(model.Config).Language.Blocks)
            lora.Add(Linear(block.Qkv), Linear(block.Out), Linear(block.GateUp), Linear(block.Down));
        return model.Language.Weights.Lora = lora;
    }

    private (int Outputs, IReadOnlyList<LoraPart> Parts) Linear(ParameterSpec linear)
    {
        List<LoraPart> parts = [];
        int start = 0;
        foreach (TensorSpec tensor in linear.Tensors)
        {
            int outputs = (int)tensor.Shape[0], inputs = (int)tensor.Shape[1];
            if (options.Adapts(tensor.Name)) parts.Add(Part(tensor.Name[..^".weight".Length], start, outputs, inputs));
            start += outputs;
        }
        return (linear.Rows, parts);
    }

    private LoraPart Part(string name, int start, int outputs, int inputs)
    {
        float bound = 1 / MathF.Sqrt(inputs);
        float[] down = [.. Enumerable.Range(0, options.Rank * inputs).Select(_ => (2 * random.NextSingle() - 1) * bound)];
        Weight a = Make($"{name}.lora_A.weight", options.Rank, inputs), b = Make($"{name}.lora_B.weight", outputs, options.Rank);
        model.LanguageQueue.Write(down, Trainable.Numbers(a));
        Fill.Run(model.LanguageQueue, Trainable.Numbers(b), 0);
        return new LoraPart(start, a, b, Learn(a), Learn(b));
    }

    private Weight Make(string name, int rows, int columns)
    {
        Weight weight = model.Device.AllocateWeight(name, StorageType.F32, rows, columns);
        owned.Add(weight);
        return weight;
    }

    private Matrix Learn(Weight weight) => learn(new TensorSpec(weight.Name, weight.Rows, weight.Columns), Trainable.Numbers(weight));
}
