using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Text.Prompts;

namespace EdgeVideoLlava.Trainer.Data;

/// <summary>Dialogues that are not learned from: their loss, and the model's own answers to some.</summary>
internal sealed class ValidationSet(Assistant assistant, IReadOnlyList<DialogueRecord> records, SampleReader reader, Recipe recipe)
{
    private const int LongestAnswer = 128;

    /// <summary>Mean loss over all supervised positions, and greedy answers to the first samples' first questions.</summary>
    /// <exception cref="BadInputException">A picture or clip cannot be read.</exception>
    public (double Loss, IReadOnlyList<ValidationAnswer> Answers) Run(CancellationToken cancel)
    {
        (double sum, int supervised) = (0, 0);
        foreach (DialogueRecord record in records)
        {
            using TrainingSample? sample = reader.Make(record);
            if (sample == null) continue;
            BatchLoss loss = BatchLoss.Of(assistant.Model, [sample], cancel: cancel);
            (sum, supervised) = (sum + loss.Sum, supervised + loss.Supervised);
        }
        return (supervised == 0 ? 0 : sum / supervised, [.. records.Where(record => record.Turns.Count > 1).Take(recipe.ShownAnswers)
            .Select(record => Answer(assistant, record, PromptTemplate.Get(recipe.Template), LongestAnswer, cancel))]);
    }

    /// <summary>The model's greedy answer to a sample's first question.</summary>
    public static ValidationAnswer Answer(
        Assistant assistant, DialogueRecord record, PromptTemplate? template, int most, CancellationToken cancel)
    {
        using Conversation conversation = assistant.Start(template);
        if (record.Clip is { } clip) conversation.Show(clip, cancel: cancel);
        foreach (string picture in record.Pictures.Take(DialogueRecord.MostPictures)) conversation.Show(picture, cancel: cancel);
        string question = record.Asked(0);
        Answer answer = conversation.Ask(question, new GenerationOptions { MaxTokens = most }, cancel: cancel);
        return new ValidationAnswer(record.Name, question, record.Turns[1].Text ?? "", answer.Text);
    }
}
