using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Rotary;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Vision;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>Puts a checkpoint's tensors on a device: weights in their stored type or the wanted one, other parameters as float32.</summary>
internal sealed class WeightLoader(
    Checkpoint checkpoint, ComputeDevice device, ComputeQueue queue, LoadOptions options, CancellationToken cancel)
{
    private readonly List<IDisposable> owned = [];
    private readonly Dictionary<string, (ParameterSpec Parameter, Weight Weight)> weights = [];
    private readonly Dictionary<string, (ParameterSpec Parameter, Matrix Matrix)> matrices = [];
    private readonly SortedDictionary<(int Columns, StorageType Wanted, StorageType Type), int> otherTypes = [];
    private readonly SortedDictionary<(StorageType Type, StorageType Kept), int> replacedTypes = [];

    private readonly List<HostTensor> late = []; // loaded, and looked at once more
    private int joinedTypes; // tensors of unlike types in one weight

    /// <summary>Told the stored bytes of each parameter as it is loaded.</summary>
    public Action<long>? Loaded { get; init; }

    /// <summary>Everything made so far, to be disposed with the model.</summary>
    public IEnumerable<IDisposable> Owned => owned;

    /// <summary>What a user should know about the types of the weights.</summary>
    public IEnumerable<string> Notices
        => otherTypes.Select(entry => $"{entry.Value} tensors have rows of {entry.Key.Columns} numbers, no whole blocks of "
                + $"{entry.Key.Wanted}; they are {entry.Key.Type}")
            .Concat(joinedTypes == 0 ? [] : [$"{joinedTypes} tensors are used together and stored in unlike types; they are F32"])
            .Concat(replacedTypes.Select(entry => $"{entry.Value} tensors are {entry.Key.Type}, which the device has no kernels for; "
                + $"there they are {entry.Key.Kept}"));

    /// <summary>Stored bytes of the video tower's weights that are the image tower's and are not loaded twice.</summary>
    public long SharedBytes { get; private set; }

    public LlamaWeights Language(LlamaTensors tensors)
    {
        LlamaConfig config = tensors.Config;
        LlamaBlockWeights[] blocks = [.. tensors.Blocks.Select(Block)];
        (float[] cos, float[] sin) = RotaryEmbedding.Tables(config.Context, config.HeadSize, config.RopeTheta, config.RopeDivisors);
        Weight embedding = Weight(tensors.Embedding);
        bool tied = config.TiedHead && !options.HeadIsApart(tensors.Head, checkpoint.TypeOf(tensors.Head));
        return new LlamaWeights(embedding, blocks, Matrix(tensors.Norm), tied ? embedding : Weight(tensors.Head),
            Upload(cos, config.Context), Upload(sin, config.Context));
    }

    private LlamaBlockWeights Block(LlamaBlockTensors block)
    {
        Weight[] qkv = [.. checkpoint.Apart(block.Qkv, options).Select(Weight)];
        return new LlamaBlockWeights(Matrix(block.AttentionNorm), qkv[0], Weight(block.Out), Matrix(block.FeedForwardNorm),
            Weight(block.GateUp), Weight(block.Down), qkv.ElementAtOrDefault(1));
    }

    /// <param name="allLayers">Else as far as the features need them.</param>
    public VisionTowerWeights Tower(TowerTensors tensors, bool allLayers) => new(
        Weight(tensors.Patch), Matrix(tensors.Class), Matrix(tensors.Position), Matrix(tensors.PreNormWeight), Matrix(tensors.PreNormBias),
        [.. tensors.Layers(allLayers).Select(block => new VisionBlockWeights(
            block.TemporalEmbedding is { } embedding ? Matrix(embedding) : null,
            block.Temporal is { } temporal ? Attention(temporal) : null,
            Attention(block.Spatial),
            Matrix(block.NormWeight), Matrix(block.NormBias),
            Weight(block.Fc1), Matrix(block.Fc1Bias), Weight(block.Fc2), Matrix(block.Fc2Bias)))]);

    public MlpProjector Projector(ProjectorTensors tensors)
        => new(Weight(tensors.First), Matrix(tensors.FirstBias), Weight(tensors.Second), Matrix(tensors.SecondBias));

    private VisionAttentionWeights Attention(TowerAttentionTensors tensors) => new(
        Matrix(tensors.NormWeight), Matrix(tensors.NormBias),
        Weight(tensors.Qkv), Matrix(tensors.QkvBias), Weight(tensors.Out), Matrix(tensors.OutBias));

    private Weight Weight(ParameterSpec parameter)
    {
        HostTensor[] tensors = Tensors(parameter);
        if (Twin(weights, parameter) is { } twin)
        {
            SharedBytes += tensors.Sum(tensor => tensor.Bytes);
            return twin;
        }
        StorageType type = options.TypeOf(parameter, checkpoint.TypeOf(parameter));
        bool asStored = tensors.All(tensor => tensor.Type == type) && !options.Trains(parameter.Part);
        Weight weight = asStored ? AsStored(parameter, tensors) : Converted(parameter, tensors, type);
        weight.RoundsTwice = parameter.Role == ParameterRole.Head;
        owned.Add(weight);
        weights.TryAdd(parameter.Name, (parameter, weight));
        if (device is not CpuDevice || !options.StaysMapped(parameter, checkpoint.TypeOf(parameter))) Release(parameter.Part, tensors);
        StorageType kept = weight.Buffer.Type;
        if (kept != type) replacedTypes[(type, kept)] = replacedTypes.GetValueOrDefault((type, kept)) + tensors.Length;
        return weight;
    }

    private Weight AsStored(ParameterSpec parameter, HostTensor[] tensors)
    {
        HostRows[] rows = [.. tensors.Zip(parameter.Tensors, Rows)];
        return parameter.Role == ParameterRole.Embedding ? device.LoadWeight(parameter.Name, tensors[0].Type, parameter.Columns, rows)
            : device.LoadLinear(parameter.Name, tensors[0].Type, parameter.Columns, rows);
    }

    private Weight Converted(ParameterSpec parameter, HostTensor[] tensors, StorageType type)
    {
        int columns = parameter.Columns;
        StorageType? wanted = options.Wanted(parameter);
        if (wanted == null && !options.Trains(parameter.Part)) joinedTypes += tensors.Length;
        else if (!options.Trains(parameter.Part) && type != wanted)
            otherTypes[(columns, wanted!.Value, type)] = otherTypes.GetValueOrDefault((columns, wanted.Value, type)) + tensors.Length;
        int[] parts = [.. tensors.Select(tensor => (int)tensor.Shape[0])];
        return parameter.Role == ParameterRole.Embedding ? device.MakeWeight(parameter.Name, type, parameter.Rows, columns, Write)
            : device.MakeLinear(parameter.Name, type, parts, columns, Write);

        void Write(nint target)
        {
            foreach ((HostTensor tensor, TensorSpec spec) in tensors.Zip(parameter.Tensors))
            {
                if (!Pack.Rows(Rows(tensor, spec), tensor.Type, type, columns, target, cancel))
                {
                    throw new BadInputException(
                        $"{tensor}: numbers that are not finite or too large for {type}; load the weights as stored");
                }
                target += (nint)type.Bytes(tensor.Elements);
            }
        }
    }

    private Matrix Matrix(ParameterSpec parameter)
    {
        HostTensor[] tensors = Tensors(parameter);
        if (Twin(matrices, parameter) is { Rows: > 0 } twin) return twin;
        Matrix matrix = Upload([.. tensors.SelectMany(tensor => tensor.ToFloats())], parameter.Rows);
        matrices.TryAdd(parameter.Name, (parameter, matrix));
        return matrix;
    }

    /// <summary>From the file cache only where that is the device's memory too: else the next start is faster with it.</summary>
    private bool FromCache => device is not CpuDevice && device.SharesHostMemory;

    /// <summary>The device has its own copy of them.</summary>
    private void Release(ModelPart part, HostTensor[] tensors)
    {
        if (part == ModelPart.ImageTower) late.AddRange(tensors); // the video tower's are compared with them
        else foreach (HostTensor tensor in tensors) tensor.Release(FromCache);
    }

    /// <summary>All is loaded: whatever was looked at meanwhile is given back, too.</summary>
    public void Complete()
    {
        foreach (HostTensor tensor in late) tensor.Release(FromCache);
        if (device is CpuDevice) return; // reads others where they are
        foreach (MappedFile file in checkpoint.Tensors.Values.Select(tensor => tensor.File).OfType<MappedFile>().Distinct())
            file.Release(file.Address, file.Bytes, FromCache);
    }

    private Matrix Upload(float[] values, int rows)
    {
        Matrix matrix = device.AllocateMatrix(rows, values.Length / rows);
        owned.Add(matrix.Buffer);
        queue.Write(values, matrix);
        return matrix;
    }

    /// <summary>The parameter's tensors, of which it is told that they are loaded.</summary>
    private HostTensor[] Tensors(ParameterSpec parameter)
    {
        cancel.ThrowIfCancellationRequested();
        HostTensor[] tensors = [.. parameter.Tensors.Select(tensor => checkpoint.Tensors[tensor.Name])];
        Loaded?.Invoke(tensors.Sum(tensor => tensor.Bytes));
        return tensors;
    }

    /// <summary>The image tower's parameter of the same place, if its bytes are the same.</summary>
    /// <remarks>The video tower was made from the image tower, and what was not trained since is still the same.</remarks>
    private T? Twin<T>(Dictionary<string, (ParameterSpec Parameter, T Loaded)> loaded, ParameterSpec parameter)
    {
        if (parameter.Part != ModelPart.VideoTower || options.Trains(ModelPart.ImageTower | ModelPart.VideoTower)) return default;
        string name = ModelTensors.Prefix(ModelPart.ImageTower) + parameter.Name[ModelTensors.Prefix(ModelPart.VideoTower).Length..];
        if (!loaded.TryGetValue(name, out (ParameterSpec Parameter, T Loaded) twin)) return default;
        bool equal = parameter.Tensors.Zip(twin.Parameter.Tensors)
            .All(pair => checkpoint.Tensors[pair.First.Name].BytesEqual(checkpoint.Tensors[pair.Second.Name]));
        return equal ? twin.Loaded : default;
    }

    private HostRows Rows(HostTensor tensor, TensorSpec spec)
        => new(tensor.Address, (int)tensor.Shape[0], checkpoint.PairsNeighbours ? spec.RotaryHeads : 0);
}
