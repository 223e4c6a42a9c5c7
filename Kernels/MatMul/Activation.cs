namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>The non-linearities of the model. All work in float32.</summary>
public enum Activation
{
    /// <summary>x as it is.</summary>
    None,

    /// <summary>x/2 · (1 + erf(x/√2)), exact: projector and original towers.</summary>
    Gelu,

    /// <summary>x · σ(1.702 x): the -hf towers.</summary>
    QuickGelu,

    /// <summary>silu(gate) · up with silu(x) = x · σ(x): the language model's feed-forward layer.</summary>
    SiluUp,
}
