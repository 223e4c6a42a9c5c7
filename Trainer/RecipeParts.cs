namespace EdgeVideoLlava.Trainer;

/// <summary>What a run trains.</summary>
public enum Stage
{
    /// <summary>Understanding: the projector alone.</summary>
    Stage1,

    /// <summary>Instruction tuning: language model and projector.</summary>
    Stage2,

    /// <summary>Instruction tuning: an adapter of the frozen language model, and the projector.</summary>
    Stage2Lora,

    /// <summary>Stage 0: a vision tower against a text tower.</summary>
    Alignment,
}

/// <summary>What micro-batches of a step are averaged by.</summary>
public enum LossMean
{
    /// <summary>Each micro-batch by its own tokens, then all alike: as the reference does.</summary>
    MicroBatch,

    /// <summary>All by the tokens of the step: as one large batch would be.</summary>
    Tokens,
}

/// <summary>Storage of the weights that are trained; arithmetic is float32.</summary>
public enum Precision
{
    /// <summary>Weights are float32.</summary>
    Fp32,

    /// <summary>Weights are binary16 with float32 masters; the loss is scaled.</summary>
    Fp16,

    /// <summary>Weights are bfloat16 with float32 masters.</summary>
    Bf16,
}

/// <summary>An adapter of a recipe.</summary>
public sealed record LoraRecipe
{
    /// <summary>Rank r of the two matrices.</summary>
    public int Rank { get; init; } = 128;

    /// <summary>Their product is multiplied with alpha / rank.</summary>
    public double Alpha { get; init; } = 256;

    /// <summary>Share of an adapter's inputs that is dropped in training.</summary>
    public double Dropout { get; init; } = 0.05;

    /// <summary>Linears of a layer that have one.</summary>
    public IReadOnlyList<string> Targets { get; init; } = LoraOptions.All;
}

/// <summary>What the stage of alignment has beside the others.</summary>
public sealed record AlignmentRecipe
{
    /// <summary>Names of the tensors that learn, with * for any letters; all others are frozen.</summary>
    public IReadOnlyList<string> Train { get; init; }
        = ["*temporal*", "*class_embedding", "*post_layernorm*", "visual_projection.weight", "logit_scale"];

    /// <summary>Share of the patches that a picture or clip loses, the same in all its frames.</summary>
    public double PatchDropout { get; init; } = 0.3;

    /// <summary>Steps until the learning rate is reached, in place of a share of them.</summary>
    public int? WarmupSteps { get; init; }

    /// <summary>All weights begin with random numbers; the model's folder holds config.json alone.</summary>
    public bool FromNothing { get; init; }
}
