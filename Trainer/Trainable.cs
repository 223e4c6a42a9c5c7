using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Trainer;

/// <summary>What of a model learns: its parameters, in the order of the model's table, with memory for their gradients.</summary>
/// <remarks>
/// Weights that are float32 are changed where they are. Weights of binary16 or bfloat16 have their float32 masters here, from which they
/// are rounded after each step.
/// </remarks>
internal sealed class Trainable : IDisposable
{
    private readonly List<Parameter> parameters = [];
    private readonly List<IDisposable> owned = [];
    private readonly VideoLlava model;

    /// <param name="parts">Language, projector or both, loaded into memory of their own (<see cref="LoadOptions.Trainable"/>).</param>
    /// <param name="lora">Instead of the language model's weights, which then may be of any type.</param>
    /// <param name="seed">Of the adapter's first numbers.</param>
    public Trainable(VideoLlava model, ModelPart parts, LoraOptions? lora = null, int seed = 0)
    {
        this.model = model;
        var tensors = new ModelTensors(model.Config);
        Language = LlamaGradients.Frozen(model.Config.Language);
        if (lora != null)
        {
            var adapters = new Adapters(model, lora, seed, (tensor, value) => Learn(ModelPart.Language, [tensor], value, null));
            owned.Add(adapters.Attach());
            owned.AddRange(adapters.Owned);
        }
        else if ((parts & ModelPart.Language) != 0)
        {
            Language = Whole(model.Language.Weights, tensors.Language);
        }
        Projector = (parts & ModelPart.Projector) != 0 ? Whole(model.Projector, tensors.Projector) : new ProjectorGradients();
    }

    public LlamaGradients Language { get; }

    public ProjectorGradients Projector { get; }

    public IReadOnlyList<Parameter> Parameters => parameters;

    /// <summary>An adapter beside the language model; null without one.</summary>
    public LlamaLora? Lora => model.Language.Weights.Lora;

    /// <summary>Whether something in the language model learns: else a dialogue of words teaches nothing.</summary>
    public bool LearnsWords => parameters.Any(parameter => parameter.Part == ModelPart.Language);

    public void ClearGradients(ComputeQueue queue)
    {
        foreach (Parameter parameter in parameters) Fill.Run(queue, parameter.Gradient, 0);
    }

    public void Dispose()
    {
        if (Lora != null) model.Language.Weights.Lora = null;
        foreach (IDisposable memory in owned) memory.Dispose();
    }

    private LlamaGradients Whole(LlamaWeights weights, LlamaTensors tensors)
    {
        Matrix embedding = Learn(tensors.Embedding, weights.Embedding);
        LlamaBlockGradients[] blocks = [.. weights.Blocks.Zip(tensors.Blocks, Whole)];
        Matrix norm = Learn(tensors.Norm, weights.Norm);
        return new LlamaGradients(blocks, embedding, norm,
            weights.Head == weights.Embedding ? embedding : Learn(tensors.Head, weights.Head)); // tied: one weight, both gradients
    }

    private LlamaBlockGradients Whole(LlamaBlockWeights weights, LlamaBlockTensors tensors) => new(
        Learn(tensors.AttentionNorm, weights.AttentionNorm), Learn(tensors.Qkv, weights.Qkv), Learn(tensors.Out, weights.Out),
        Learn(tensors.FeedForwardNorm, weights.FeedForwardNorm), Learn(tensors.GateUp, weights.GateUp), Learn(tensors.Down, weights.Down));

    private ProjectorGradients Whole(MlpProjector weights, ProjectorTensors tensors) => new(
        Learn(tensors.First, weights.First), Learn(tensors.FirstBias, weights.FirstBias), Learn(tensors.Second, weights.Second),
        Learn(tensors.SecondBias, weights.SecondBias));

    private Matrix Learn(ParameterSpec spec, Weight weight)
    {
        if (weight.Buffer.Type == StorageType.F32) return Learn(spec.Part, spec.Tensors, model.Device.Numbers(weight), null);
        if (weight.Buffer.Type is not (StorageType.F16 or StorageType.BF16))
            throw new ArgumentException($"{weight.Name} is {weight.Buffer.Type}; what learns is loaded as F32, F16 or BF16");
        Matrix master = Allocate(weight.Rows, weight.Columns);
        DequantizeRows.Run(model.LanguageQueue, weight, 0, master);
        return Learn(spec.Part, spec.Tensors, master, weight);
    }

    private Matrix Learn(ParameterSpec spec, Matrix value) => Learn(spec.Part, spec.Tensors, value, null);

    private Matrix Learn(ModelPart part, IReadOnlyList<TensorSpec> tensors, Matrix value, Weight? rounded)
    {
        Matrix gradient = Allocate(value.Rows, value.Columns);
        parameters.Add(new Parameter(part, tensors, value, gradient, rounded));
        return gradient;
    }

    private Matrix Allocate(int rows, int columns)
    {
        Matrix matrix = model.Device.AllocateMatrix(rows, columns);
        owned.Add(matrix.Buffer);
        return matrix;
    }
}
