using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Text.Prompts;

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

/// <summary>One training run, as its JSON file says it; a field that is unknown is an error.</summary>
public sealed record Recipe
{
    private const long LongestFile = 1 << 20;

    // Not made at compile time: that code would lose the defaults of fields that a file leaves out.
    private static readonly JsonSerializerOptions Form = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

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

    /// <summary>Of the order of the samples, of adapters and of dropout.</summary>
    public int Seed { get; init; } = 42;

    /// <summary>Samples that are read ahead.</summary>
    public int ReadAhead { get; init; } = 8;

    /// <summary>The recipe of a preset: stage1, stage2, stage2-lora, with the settings of the published scripts.</summary>
    /// <exception cref="BadInputException">There is no such preset.</exception>
    public static Recipe Preset(string name) => name switch
    {
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
        _ => throw new BadInputException($"no preset is named {name}; there are stage1, stage2 and stage2-lora"),
    };

    /// <summary>Reads a recipe's file.</summary>
    /// <param name="changes">Fields, by their names in the file, that take another value, in JSON.</param>
    /// <exception cref="BadInputException">It is no recipe, or fields of it contradict each other.</exception>
    public static Recipe Read(string path, IEnumerable<(string Field, string Value)>? changes = null)
    {
        using FileStream stream = InputFile.Open(path);
        if (stream.Length > LongestFile) throw new BadInputException($"{path}: {stream.Length >> 10} KiB; a recipe has at most 1 MiB");
        using var reader = new StreamReader(stream);
        return Parse(reader.ReadToEnd(), path, changes);
    }

    /// <summary>Reads a recipe.</summary>
    /// <param name="json">Its text.</param>
    /// <param name="source">For messages.</param>
    /// <param name="changes">Fields, by their names in the file, that take another value, in JSON.</param>
    /// <exception cref="BadInputException">It is no recipe, or fields of it contradict each other.</exception>
    public static Recipe Parse(string json, string source, IEnumerable<(string Field, string Value)>? changes = null)
    {
        try
        {
            var options = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
            JsonObject fields = JsonNode.Parse(json, null, options) as JsonObject
                ?? throw new BadInputException($"{source}: no JSON object");
            foreach ((string field, string value) in changes ?? []) fields[field] = Value(value);
            Known(fields, typeof(Recipe), source, "");
            if (fields["lora"] is JsonObject lora) Known(lora, typeof(LoraRecipe), source, "lora.");
            Recipe recipe = fields.Deserialize<Recipe>(Form) ?? throw new BadInputException($"{source}: no recipe");
            return recipe.Checked(source);
        }
        catch (JsonException e)
        {
            string what = e.Path is { Length: > 2 } path ? $"{path[2..]} has a value that it cannot take" : "no JSON";
            throw new BadInputException($"{source}: {what} ({e.Message.Split(" Path:")[0].ReplaceLineEndings(" ").TrimEnd('.', ' ')})", e);
        }
    }

    private static void Known(JsonObject fields, Type type, string source, string within)
    {
        string[] known = [.. type.GetProperties().Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name))];
        if (fields.Select(field => field.Key).Except(known).FirstOrDefault() is { } unknown)
            throw new BadInputException($"{source}: unknown field {within}{unknown}; there are {string.Join(", ", known)}");
    }

    /// <summary>The recipe as a file holds it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Form);

    private static JsonNode? Value(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return text; // a word needs no quotes
        }
    }

    private Recipe Checked(string source)
    {
        void Require(bool holds, string complaint)
        {
            if (!holds) throw new BadInputException($"{source}: {complaint}");
        }
        Require(Model.Length > 0, "model is not said: the folder of the model to train");
        Require(Data.Count > 0, "data is empty: the files of the samples");
        Require(Output.Length > 0, "output is not said: the folder for the result");
        Require(Epochs is >= 1 and <= 10000, $"epochs is {Epochs}; 1 or more");
        Require(Steps is null or >= 1, $"steps is {Steps}; 1 or more");
        Require(Batch is >= 1 and <= 65536, $"batch is {Batch}; 1 or more");
        Require(Accumulation is >= 1 and <= 65536, $"accumulation is {Accumulation}; 1 or more");
        Require(LearningRate > 0 && double.IsFinite(LearningRate), $"learningRate is {LearningRate}; above 0");
        Require(ProjectorLearningRate is null or > 0, $"projectorLearningRate is {ProjectorLearningRate}; above 0");
        Require(Warmup is >= 0 and < 1, $"warmup is {Warmup}; a share of the steps, 0 to below 1");
        Require(WeightDecay is >= 0 and < 1, $"weightDecay is {WeightDecay}; 0 to below 1");
        Require(MaxGradientNorm is null or > 0, $"maxGradientNorm is {MaxGradientNorm}; above 0");
        Require(MaxIds is >= 2 and <= 1 << 20, $"maxIds is {MaxIds}; 2 or more");
        Require(SaveEvery >= 0 && Keep >= 1 && ReadAhead is >= 1 and <= 1024, "saveEvery, keep and readAhead are 0 or more, 1 or more");
        Require(Stage == Stage.Stage2Lora == (Lora != null), "lora belongs to the stage stage2Lora, and to no other");
        Require(BaseWeights == null || Stage != Stage.Stage2, "baseWeights are of a frozen language model; stage2 trains it");
        if (BaseWeights is { } type) Require(WeightType.All.Any(known => known.Name == type),
            $"baseWeights is {type}; there are {string.Join(", ", WeightType.All.Select(known => known.Name))}");
        if (Lora is { } lora)
        {
            Require(lora.Rank is >= 1 and <= 1 << 16, $"lora.rank is {lora.Rank}; 1 or more");
            Require(lora.Alpha > 0, $"lora.alpha is {lora.Alpha}; above 0");
            Require(lora.Dropout is >= 0 and < 1, $"lora.dropout is {lora.Dropout}; 0 to below 1");
            Require(lora.Targets.Count > 0 && lora.Targets.All(LoraOptions.All.Contains),
                $"lora.targets are some of {string.Join(", ", LoraOptions.All)}");
        }
        _ = PromptTemplate.Get(Template);
        return this;
    }
}
