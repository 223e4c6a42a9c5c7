namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>A part of the model, or a set of them.</summary>
[Flags]
internal enum ModelPart
{
    None = 0,
    Language = 1,
    ImageTower = 2,
    VideoTower = 4,
    Projector = 8,
    All = Language | ImageTower | VideoTower | Projector,
}

/// <summary>What a parameter is for.</summary>
internal enum ParameterRole
{
    /// <summary>Matrix of a product.</summary>
    Linear,

    /// <summary>Convolution over patches: the matrix of a product with the pixels of each.</summary>
    Patches,

    /// <summary>A row for each word of the vocabulary.</summary>
    Embedding,

    /// <summary>Matrix of the product that scores every word.</summary>
    Head,

    /// <summary>Scale of a norm.</summary>
    Norm,

    /// <summary>Added by a norm or a product.</summary>
    Bias,

    /// <summary>The row before the patches.</summary>
    Class,

    /// <summary>A row added at each position, or to each frame.</summary>
    Position,
}

/// <summary>A tensor of a checkpoint.</summary>
/// <param name="Name">Its canonical name (<see cref="WeightNames"/>).</param>
internal sealed record TensorSpec(string Name, params long[] Shape)
{
    public long Elements { get; } = Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>Heads whose rows the rotary embedding pairs: of queries and keys; 0 for any other tensor.</summary>
    public int RotaryHeads { get; init; }
}

/// <summary>A parameter of the model: a weight in its storage type, or a float32 matrix; of one tensor, or of several by rows.</summary>
/// <param name="Layer">Within its part; null outside the layers.</param>
/// <param name="Tensors">In the order of their rows.</param>
internal sealed record ParameterSpec(ModelPart Part, int? Layer, ParameterRole Role, IReadOnlyList<TensorSpec> Tensors)
{
    public string Name => Tensors[0].Name;

    public long Elements => Tensors.Sum(tensor => tensor.Elements);

    /// <summary>Kept in a storage type; any other parameter is float32.</summary>
    public bool IsWeight => Role is ParameterRole.Linear or ParameterRole.Patches or ParameterRole.Embedding or ParameterRole.Head;

    /// <summary>One of the language model's seven linears in each layer, whose storage type can be chosen.</summary>
    public bool IsLanguageLinear => Part == ModelPart.Language && Role == ParameterRole.Linear;

    /// <summary>One of the encoders' four linears of an attention or an MLP, likewise.</summary>
    public bool IsTowerLinear => Part is ModelPart.ImageTower or ModelPart.VideoTower && Role == ParameterRole.Linear;

    /// <summary>Of a weight all axes but the first, of positions the last axis; any other parameter is one row.</summary>
    public int Columns => checked((int)(IsWeight ? Tensors[0].Elements / Tensors[0].Shape[0]
        : Role == ParameterRole.Position ? Tensors[0].Shape[^1]
        : Elements));

    public int Rows => checked((int)(Elements / Columns));
}

/// <summary>A place among a model's tensors, where parameters are described by the ends of their names.</summary>
internal readonly record struct TensorScope(ModelPart Part, string Prefix, int? Layer = null)
{
    /// <summary>Matrices of the same number of columns, joined by rows.</summary>
    public ParameterSpec Linear(int columns, params (string Name, int Rows)[] parts)
        => Make(ParameterRole.Linear, [.. parts.Select(part => ($"{part.Name}.weight", new long[] { part.Rows, columns }))]);

    public ParameterSpec Bias(params (string Name, int Size)[] parts)
        => Make(ParameterRole.Bias, [.. parts.Select(part => ($"{part.Name}.bias", new long[] { part.Size }))]);

    public ParameterSpec Norm(string name, int size) => Make(ParameterRole.Norm, ($"{name}.weight", [size]));

    public ParameterSpec Make(ParameterRole role, string name, params long[] shape) => Make(role, (name, shape));

    private ParameterSpec Make(ParameterRole role, params (string Name, long[] Shape)[] tensors)
    {
        string prefix = Prefix;
        return new ParameterSpec(Part, Layer, role, [.. tensors.Select(tensor => new TensorSpec(prefix + tensor.Name, tensor.Shape))]);
    }
}
