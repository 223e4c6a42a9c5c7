namespace EdgeVideoLlava.Trainer;

/// <summary>One training run, as its JSON file says it; a field that is unknown is an error.</summary>
public sealed partial record Recipe
{
    /// <summary>What is trained.</summary>
    public Stage Stage { get; init; }

    /// <summary>Folder of the model that is trained.</summary>
    public string Model { get; init; } = "";

    /// <summary>Data files, one after the other.</summary>
    public IReadOnlyList<string> Data { get; init; } = [];

    /// <summary>Folder of the pictures; null: that of the data file.</summary>
    public string? Pictures { get; init; }

    /// <summary>Folder of the clips; null: that of the data file.</summary>
    public string? Clips { get; init; }

    /// <summary>Folder of the result, its log and its checkpoints.</summary>
    public string Output { get; init; } = "";

    /// <summary>Prompt template of the dialogues.</summary>
    public string Template { get; init; } = "v1";

    /// <summary>How often all samples are gone through.</summary>
    public int Epochs { get; init; } = 1;

    /// <summary>Ends the run earlier, or later; null: as the epochs say.</summary>
    public int? Steps { get; init; }

    /// <summary>Samples of a micro-batch.</summary>
    public int Batch { get; init; } = 16;

    /// <summary>Micro-batches of a step.</summary>
    public int Accumulation { get; init; } = 1;

    /// <summary>What they are averaged by.</summary>
    public LossMean LossMean { get; init; }

    /// <summary>After the warm-up.</summary>
    public double LearningRate { get; init; } = 2e-5;

    /// <summary>The projector's own; null: the same.</summary>
    public double? ProjectorLearningRate { get; init; }

    /// <summary>How it goes on.</summary>
    public Schedule Schedule { get; init; }

    /// <summary>Share of the steps, rounded up.</summary>
    public double Warmup { get; init; } = 0.03;

    /// <summary>Of matrices.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Length that gradients are cut to; null: never.</summary>
    public double? MaxGradientNorm { get; init; }

    /// <summary>Storage of what is trained.</summary>
    public Precision Precision { get; init; }

    /// <summary>Storage type of a frozen language model's linears: f16, q8_0, q4_0 and so on; null: as stored.</summary>
    public string? BaseWeights { get; init; }

    /// <summary>The adapter of stage2Lora.</summary>
    public LoraRecipe? Lora { get; init; }

    /// <summary>What the stage of alignment has beside the others.</summary>
    public AlignmentRecipe? Alignment { get; init; }

    /// <summary>The projector begins with random numbers, not with the model's.</summary>
    public bool NewProjector { get; init; }

    /// <summary>Batches of one modality and of like lengths.</summary>
    public bool GroupByModalityLength { get; init; }

    /// <summary>Layers are computed again on the way back: the same numbers in less memory, a third more time.</summary>
    public bool Recompute { get; init; } = true;

    /// <summary>Ids of a sample at most, before visual blocks take their places.</summary>
    public int MaxIds { get; init; } = 2048;

    /// <summary>A checkpoint each so many steps; 0: only at the end.</summary>
    public int SaveEvery { get; init; } = 500;

    /// <summary>Checkpoints that are kept.</summary>
    public int Keep { get; init; } = 2;

    /// <summary>Data files that are not learned from: their loss is measured, and the best checkpoint kept.</summary>
    public IReadOnlyList<string> Validation { get; init; } = [];

    /// <summary>Validates each so many steps, and at the end.</summary>
    public int ValidateEvery { get; init; } = 500;

    /// <summary>Samples of the validation that the model answers, beside what is written.</summary>
    public int ShownAnswers { get; init; } = 8;

    /// <summary>Of the order of the samples, of adapters and of dropout.</summary>
    public int Seed { get; init; } = 42;

    /// <summary>Samples that are read ahead.</summary>
    public int ReadAhead { get; init; } = 8;

    /// <summary>The recipe of a preset: alignment, stage1, stage2, stage2-lora, with the settings of the published scripts.</summary>
    /// <exception cref="BadInputException">There is no such preset.</exception>
    public static Recipe Preset(string name) => name switch
    {
        "alignment" => new Recipe
        {
            Stage = Stage.Alignment,
            LearningRate = 1e-4,
            WeightDecay = 0.2,
            Epochs = 16,
            Batch = 10,
            Accumulation = 64,
            Alignment = new AlignmentRecipe { WarmupSteps = 2000 },
        },
        "stage1" => new Recipe { Stage = Stage.Stage1, LearningRate = 1e-3, Batch = 32, Accumulation = 8 },
        "stage2" => new Recipe { Stage = Stage.Stage2, Accumulation = 8, GroupByModalityLength = true },
        "stage2-lora" => new Recipe
        {
            Stage = Stage.Stage2Lora,
            LearningRate = 2e-4,
            ProjectorLearningRate = 2e-5,
            Accumulation = 8,
            GroupByModalityLength = true,
            Lora = new LoraRecipe(),
        },
        _ => throw new BadInputException($"no preset is named {name}; there are alignment, stage1, stage2 and stage2-lora"),
    };
}
