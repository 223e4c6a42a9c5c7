using EdgeVideoLlava.Quantizer.Conversion;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Text.Prompts;
using EdgeVideoLlava.Trainer;

namespace EdgeVideoLlava.FineTune;

/// <summary>A model that was tuned by an adapter (stage 2, LoRA), merged, and quantized to eight bits.</summary>
internal sealed class FineTuned(Assistant assistant, PromptTemplate template) : IDisposable
{
    /// <param name="model">Folder of a model of the original layout.</param>
    /// <param name="data">JSON file of clips and pictures with dialogues about them (docs/training.md).</param>
    /// <param name="output">Folder for the adapter, the merged and the quantized model.</param>
    /// <param name="steps">Null: three times through the data.</param>
    /// <exception cref="BadInputException">A file is none that can be used.</exception>
    public static FineTuned Make(string model, string data, string output, int? steps, Action<string> say)
    {
        string adapter = Path.Combine(output, "adapter"), merged = Path.Combine(output, "merged"), small = Path.Combine(output, "q8_0");
        var recipe = Recipe.Preset("stage2-lora") with
        {
            Model = model,
            Data = [data],
            Output = adapter,
            Template = "llava_v1",
            Epochs = 3,
            Steps = steps,
            Batch = 4,
            Accumulation = 1,
            LearningRate = 2e-3,
            ProjectorLearningRate = 1e-3,
            Lora = new LoraRecipe { Rank = 8, Alpha = 16 },
        };

        // An adapter's model is looked for beside it, by its name.
        Directory.CreateDirectory(output);
        string beside = Path.Combine(output, Path.GetFileName(model.TrimEnd('/')));
        if (!Directory.Exists(beside)) Directory.CreateSymbolicLink(beside, Path.GetFullPath(model));

        // 1. Only the adapter's small matrices and the projector learn; the model itself is read where it lies.
        using (TrainingRun run = TrainingRun.Open(recipe, warn: say))
        {
            run.Run(new Progress(step => say(FormattableString.Invariant($"step {step.Step} of {step.Steps}: loss {step.Loss:F3}"))));
        }

        // 2. The adapter becomes part of the weights, 3. the weights become bytes.
        ModelMerger.Run(adapter, merged);
        ModelQuantizer.Run(merged, small, new QuantizerOptions { Type = FileType.Find("q8_0")! });
        say($"adapter, merged model and quantized model are in {output}");

        // 4. It answers.
        return new FineTuned(Assistant.Load(small, new AssistantOptions { Warn = say }), PromptTemplate.Get(recipe.Template));
    }

    /// <summary>A question about a picture or clip.</summary>
    public string Ask(string path, string question)
    {
        using Conversation conversation = assistant.Start(template);
        conversation.Show(path);
        return conversation.Ask(question, new GenerationOptions { MaxTokens = 128 }).Text;
    }

    public void Dispose() => assistant.Dispose();

    /// <summary>On this thread, in order.</summary>
    private sealed class Progress(Action<StepReport> report) : IProgress<StepReport>
    {
        public void Report(StepReport value) => report(value);
    }
}
