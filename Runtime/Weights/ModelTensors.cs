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

    public TowerTensors ImageTower { get; } = new(ModelPart.ImageTower, config.ImageTower);

    public TowerTensors VideoTower { get; } = new(ModelPart.VideoTower, config.VideoTower);

    public ProjectorTensors Projector { get; } = ProjectorTensors.Of(config.Language.Hidden, config.ImageTower.Hidden);

    /// <summary>Every tensor of a checkpoint, with the parameter that it belongs to.</summary>
    public IEnumerable<(TensorSpec Tensor, ParameterSpec Parameter)> Stored
        => from parameter in Parameters([.. ImageTower.All], [.. VideoTower.All], headOfItsOwn: false)
           from tensor in parameter.Tensors
           select (tensor, parameter);

    /// <summary>The parameters that are loaded with the given options.</summary>
    public IEnumerable<ParameterSpec> Loaded(LoadOptions options)
        => Parameters(
            ImageTower.Used(options.AllVisionLayers), VideoTower.Used(options.AllVisionLayers), options.Trains(ModelPart.Language));

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
        Dictionary<string, TensorSpec> expected = Stored.ToDictionary(entry => entry.Tensor.Name, entry => entry.Tensor);
        string[] missing = [.. expected.Keys.Where(name => !checkpoint.Tensors.ContainsKey(name))];
        if (missing.Length > 0) throw Wrong($"{missing.Length} tensors are missing: {List(missing)}; fetch the checkpoint again");
        string[] unknown = [.. checkpoint.Tensors.Keys.Where(name => !expected.ContainsKey(name))];
        if (unknown.Length > 0) throw Wrong($"{unknown.Length} unknown tensors: {List(unknown)}; this is another kind of model");
        foreach ((string name, long[] shape) in expected.Values)
        {
            HostTensor tensor = checkpoint.Tensors[name];
            if (!tensor.Shape.SequenceEqual(shape))
                throw Wrong($"{tensor} should have the shape [{string.Join(", ", shape)}] by config.json and the other tensors");
            if (tensor.Type is not (StorageType.F32 or StorageType.F16 or StorageType.BF16))
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

    private IEnumerable<ParameterSpec> Parameters(IEnumerable<ParameterSpec> image, IEnumerable<ParameterSpec> video, bool headOfItsOwn)
        => [.. Language.Parameters(headOfItsOwn), .. image, .. video, .. Projector.Parameters];

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
