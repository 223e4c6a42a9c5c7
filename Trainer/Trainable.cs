using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Trainer;

/// <summary>What of a model learns: its parameters, in the order of the model's table, with memory for their gradients.</summary>
internal sealed class Trainable : IDisposable
{
    private readonly List<Parameter> parameters = [];
    private readonly ComputeDevice device;

    /// <param name="parts">Language, projector or both; their weights are float32 (<see cref="LoadOptions.Trainable"/>).</param>
    /// <exception cref="BadInputException">The model shares its head with its embedding.</exception>
    public Trainable(VideoLlava model, ModelPart parts)
    {
        device = model.Device;
        var tensors = new ModelTensors(model.Config);
        bool words = (parts & ModelPart.Language) != 0;
        if (words && model.Config.Language.TiedHead)
            throw new BadInputException("the model's head is its embedding; only its projector or an adapter can be trained");
        Language = words ? Whole(model.Language.Weights, tensors.Language) : LlamaGradients.Frozen(model.Config.Language);
        Projector = (parts & ModelPart.Projector) != 0 ? Whole(model.Projector, tensors.Projector) : new ProjectorGradients();
    }

    public LlamaGradients Language { get; }

    public ProjectorGradients Projector { get; }

    public IReadOnlyList<Parameter> Parameters => parameters;

    /// <summary>Whether something in the language model learns: else a dialogue of words teaches nothing.</summary>
    public bool LearnsWords => parameters.Any(parameter => parameter.Part == ModelPart.Language);

    public void ClearGradients(ComputeQueue queue)
    {
        foreach (Parameter parameter in parameters) Fill.Run(queue, parameter.Gradient, 0);
    }

    public void Dispose()
    {
        foreach (Parameter parameter in parameters) parameter.Gradient.Buffer.Dispose();
    }

    private LlamaGradients Whole(LlamaWeights weights, LlamaTensors tensors)
    {
        Matrix embedding = Learn(tensors.Embedding, weights.Embedding);
        LlamaBlockGradients[] blocks = [.. weights.Blocks.Zip(tensors.Blocks, Whole)];
        return new LlamaGradients(blocks, embedding, Learn(tensors.Norm, weights.Norm), Learn(tensors.Head, weights.Head));
    }

    private LlamaBlockGradients Whole(LlamaBlockWeights weights, LlamaBlockTensors tensors) => new(
        Learn(tensors.AttentionNorm, weights.AttentionNorm), Learn(tensors.Qkv, weights.Qkv), Learn(tensors.Out, weights.Out),
        Learn(tensors.FeedForwardNorm, weights.FeedForwardNorm), Learn(tensors.GateUp, weights.GateUp), Learn(tensors.Down, weights.Down));

    private ProjectorGradients Whole(MlpProjector weights, ProjectorTensors tensors) => new(
        Learn(tensors.First, weights.First), Learn(tensors.FirstBias, weights.FirstBias), Learn(tensors.Second, weights.Second),
        Learn(tensors.SecondBias, weights.SecondBias));

    private Matrix Learn(ParameterSpec spec, Weight weight)
    {
        if (weight.Buffer.Type != StorageType.F32)
            throw new ArgumentException($"{weight.Name} is {weight.Buffer.Type}; what learns is loaded as float32");
        return Learn(spec, new Matrix(weight.Buffer, 0, weight.Rows, weight.Columns, weight.Columns));
    }

    private Matrix Learn(ParameterSpec spec, Matrix value)
    {
        Matrix gradient = device.AllocateMatrix(value.Rows, value.Columns);
        parameters.Add(new Parameter(spec.Part, spec.Tensors, value, gradient));
        return gradient;
    }
}
