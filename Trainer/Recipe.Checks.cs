using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Text.Prompts;

namespace EdgeVideoLlava.Trainer;

public sealed partial record Recipe
{
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
        Require(ValidateEvery >= 1 && ShownAnswers is >= 0 and <= 1024, "validateEvery is 1 or more, shownAnswers 0 or more");
        Require(Validation.Count == 0 || Stage != Stage.Alignment, "validation is not of the stage alignment");
        Require(Stage == Stage.Stage2Lora == (Lora != null), "lora belongs to the stage stage2Lora, and to no other");
        Require(BaseWeights == null || Stage != Stage.Stage2, "baseWeights are of a frozen language model; stage2 trains it");
        if (BaseWeights is { } type) Require(WeightType.All.Any(known => known.Name == type),
            $"baseWeights is {type}; there are {string.Join(", ", WeightType.All.Select(known => known.Name))}");
        Require(Stage == Stage.Alignment == (Alignment != null), "alignment belongs to the stage alignment, and to no other");
        if (Alignment is { } alignment) CheckAlignment(alignment, Require);
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

    private void CheckAlignment(AlignmentRecipe alignment, Action<bool, string> require)
    {
        require(alignment.Train.Count > 0 && alignment.Train.All(pattern => pattern.Length > 0), "alignment.train names no tensors");
        require(alignment.PatchDropout is >= 0 and < 1, $"alignment.patchDropout is {alignment.PatchDropout}; 0 to below 1");
        require(alignment.WarmupSteps is null or >= 0, $"alignment.warmupSteps is {alignment.WarmupSteps}; 0 or more");
        require(Precision == Precision.Fp32, "the stage alignment is trained with precision fp32");
        require(Batch * (long)Accumulation >= 2, "the stage alignment needs two samples a step: each is held against the others");
        require(!GroupByModalityLength && !NewProjector && BaseWeights == null && ProjectorLearningRate == null,
            "groupByModalityLength, newProjector, baseWeights and projectorLearningRate are not of the stage alignment");
    }
}
