using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>The one table of a model's tensors: names, shapes, roles, and which are joined to one parameter, in which order.</summary>
/// <remarks>
/// It drives loading, checking, the forecast of memory, inspection and synthetic checkpoints. Canonical names are spelled here, in
/// <see cref="LlamaTensors"/> and in <see cref="TowerTensors"/>, the names that others use in <see cref="WeightNames"/>, none elsewhere.
/// </remarks>
internal sealed class ModelTensors(VideoLlavaConfig config)
{
    public LlamaTensors Language { get; } = new(config.Language);

    /// <exception cref="BadInputException">The model cannot see pictures.</exception>
    public TowerTensors ImageTower { get => field ??= new TowerTensors(ModelPart.ImageTower, config.ImageTower); }

    /// <exception cref="BadInputException">The model cannot see clips.</exception>
    public TowerTensors VideoTower { get => field ??= new TowerTensors(ModelPart.VideoTower, config.VideoTower); }

    /// <exception cref="BadInputException">The model cannot see.</exception>
    public ProjectorTensors Projector { get => field ??= ProjectorTensors.Of(config.Language.Hidden, config.ImageTower.Hidden); }

    /// <summary>Every tensor of a checkpoint, with the parameter that it belongs to.</summary>
    public IEnumerable<(TensorSpec Tensor, ParameterSpec Parameter)> Stored
        => from parameter in Parameters(tower => tower.All, headOfItsOwn: false)
           from tensor in parameter.Tensors
           select (tensor, parameter);

    /// <summary>The parameters that are loaded with the given options.</summary>
    public IEnumerable<ParameterSpec> Loaded(LoadOptions options, Checkpoint? checkpoint = null)
        => Parameters(tower => tower.Used(options.AllVisionLayers), checkpoint != null
            && options.HeadIsApart(Language.Head, checkpoint.TypeOf(Language.Head)));

    /// <summary>The part that a tensor belongs to by its canonical name alone; None if there is no such part.</summary>
    public static ModelPart PartOf(string name)
    {
        ModelPart[] prefixed = [ModelPart.ImageTower, ModelPart.VideoTower, ModelPart.Projector];
        return LlamaTensors.Has(name) ? ModelPart.Language : prefixed.FirstOrDefault(part => name.StartsWith(Prefix(part)));
    }

    /// <summary>Whether the checkpoint holds exactly the tensors of the table, in types that can be read.</summary>
    /// <exception cref="BadInputException">Missing, unknown or wrongly shaped tensors; the message lists them.</exception>
    public void Check(Checkpoint checkpoint)
    {
        Dictionary<string, (TensorSpec Tensor, ParameterSpec Parameter)> expected = Stored.ToDictionary(entry => entry.Tensor.Name);
        string[] missing = [.. Loaded(new LoadOptions(AllVisionLayers: true)).SelectMany(parameter => parameter.Tensors)
            .Select(tensor => tensor.Name).Distinct().Where(name => !checkpoint.Tensors.ContainsKey(name))];
        if (missing.Length > 0) throw Wrong($"{missing.Length} tensors are missing: {List(missing)}; fetch the checkpoint again");
        string[] unknown = [.. checkpoint.Tensors.Keys.Where(name => !expected.ContainsKey(name))];
        if (unknown.Length > 0) throw Wrong($"{unknown.Length} unknown tensors: {List(unknown)}; this is another kind of model");
        foreach (((string name, long[] shape), ParameterSpec parameter) in expected.Values)
        {
            if (!checkpoint.Tensors.TryGetValue(name, out HostTensor? tensor)) continue; // the norm that no feature needs
            if (!tensor.Shape.SequenceEqual(shape))
                throw Wrong($"{tensor} should have the shape [{string.Join(", ", shape)}] by the config and the other tensors");
            bool isFloat = tensor.Type is StorageType.F32 or StorageType.F16 or StorageType.BF16;
            if (!isFloat && !(parameter.IsWeight && parameter.Part == ModelPart.Language && tensor.Type.IsBlock()))
                throw Wrong($"{tensor} should hold F32, F16 or BF16");
        }

        BadInputException Wrong(string what) => new($"{checkpoint.Folder}: {what}");
    }

    /// <summary>What the names of a part's tensors begin with.</summary>
    internal static string Prefix(ModelPart part) => part switch
    {
        ModelPart.Language => "",
        ModelPart.ImageTower => "image_tower.",
        ModelPart.VideoTower => "video_tower.",
        ModelPart.Projector => "projector.",
        _ => throw new ArgumentOutOfRangeException(nameof(part), part, "not one part"),
    };

    private IEnumerable<ParameterSpec> Parameters(Func<TowerTensors, IEnumerable<ParameterSpec>> ofTower, bool headOfItsOwn)
        => [.. Language.Parameters(headOfItsOwn), .. config.SeesPictures ? ofTower(ImageTower) : [],
            .. config.SeesClips ? ofTower(VideoTower) : [], .. config.SeesPictures ? Projector.Parameters : []];

    private static string List(string[] names)
        => string.Join(", ", names.Order(StringComparer.Ordinal).Take(8)) + (names.Length > 8 ? $" and {names.Length - 8} more" : "");
}

/// <summary>Tensors of the projector.</summary>
internal sealed record ProjectorTensors(ParameterSpec First, ParameterSpec FirstBias, ParameterSpec Second, ParameterSpec SecondBias)
{
    public IEnumerable<ParameterSpec> Parameters => [First, FirstBias, Second, SecondBias];

    internal static ProjectorTensors Of(int hidden, int towerHidden)
    {
        var scope = new TensorScope(ModelPart.Projector, ModelTensors.Prefix(ModelPart.Projector));
        return new ProjectorTensors(
            scope.Linear(towerHidden, ("0", hidden)), scope.Bias(("0", hidden)),
            scope.Linear(hidden, ("2", hidden)), scope.Bias(("2", hidden)));
    }
}
