using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Text.Prompts;
using EdgeVideoLlava.Trainer.Data;

namespace EdgeVideoLlava.Trainer;

/// <summary>A question of an evaluation, and what one or two models answered.</summary>
/// <param name="Type">Of the sample's field type or category; without one, the question's first word.</param>
/// <param name="Other">The second model's answer; null where there is none.</param>
public sealed record EvaluationItem(string Sample, string Type, string Question, string Expected, string Answer, string? Other)
{
    /// <summary>The answer is the written one, both normalised.</summary>
    public bool IsRight => AnswerText.Same(Answer, Expected);

    /// <summary>The same of the second model.</summary>
    public bool? OtherIsRight => Other == null ? null : AnswerText.Same(Other, Expected);

    /// <summary>Both models answer alike.</summary>
    public bool? Agree => Other == null ? null : AnswerText.Same(Answer, Other);
}

/// <summary>Questions of one type, or all.</summary>
/// <param name="ExactMatch">Share of right answers.</param>
/// <param name="OtherExactMatch">The second model's.</param>
/// <param name="Agreement">Share of questions that both answer alike.</param>
public sealed record EvaluationGroup(string Type, int Questions, double ExactMatch, double? OtherExactMatch, double? Agreement);

/// <summary>How models answer the questions of data files, greedily; histories are the written ones.</summary>
public sealed record EvaluationReport(string Model, string? Against, EvaluationGroup All, IReadOnlyList<EvaluationGroup> Types,
    IReadOnlyList<EvaluationItem> Items);

/// <summary>Asks models the questions of data files.</summary>
public static class Evaluation
{
    /// <param name="models">One or two, opened one after the other, disposed here.</param>
    /// <param name="template">Of the prompts; null: each model's own.</param>
    /// <param name="most">Tokens of an answer at most.</param>
    /// <param name="progress">Told of each question: how many are answered, and how many there are.</param>
    /// <exception cref="BadInputException">A data file, picture or clip cannot be read.</exception>
    public static EvaluationReport Run(IReadOnlyList<(string Name, Func<Assistant> Open)> models, IReadOnlyList<string> data,
        string? template = null, int most = 128, Action<int, int>? progress = null, CancellationToken cancel = default)
    {
        List<DialogueRecord> records = [];
        foreach (string file in data)
        {
            string folder = Path.GetDirectoryName(Path.GetFullPath(file)) ?? "/";
            records.AddRange(DialogueFile.Read(file, folder, folder));
        }
        int questions = records.Sum(record => record.Turns.Count / 2), done = 0;
        if (questions == 0) throw new BadInputException($"{data[0]}: no question has an answer; there is nothing to compare with");
        List<string>[] answers = [.. models.Select(model =>
        {
            using Assistant assistant = model.Open();
            PromptTemplate? form = template == null ? null : PromptTemplate.Get(template);
            List<string> all = [];
            foreach (DialogueRecord record in records)
            {
                foreach (string answer in Ask(assistant, record, form, most, cancel))
                {
                    all.Add(answer);
                    progress?.Invoke(++done, questions * models.Count);
                }
            }
            return all;
        })];
        int at = 0;
        EvaluationItem[] items = [.. from record in records
                                     from turn in Enumerable.Range(0, record.Turns.Count / 2)
                                     let question = record.Asked(2 * turn)
                                     let i = at++
                                     select new EvaluationItem(record.Name, record.Type ?? AnswerText.FirstWord(question), question,
                                         record.Turns[2 * turn + 1].Text ?? "", answers[0][i], models.Count > 1 ? answers[1][i] : null)];
        return new EvaluationReport(models[0].Name, models.Count > 1 ? models[1].Name : null, Group("all", items),
            [.. items.GroupBy(item => item.Type).OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => Group(group.Key, [.. group]))], items);
    }

    private static EvaluationGroup Group(string type, IReadOnlyList<EvaluationItem> items)
    {
        double Share(Func<EvaluationItem, bool> holds) => (double)items.Count(holds) / items.Count;
        bool isPair = items[0].Other != null;
        return new EvaluationGroup(type, items.Count, Share(item => item.IsRight), isPair ? Share(item => item.OtherIsRight == true) : null,
            isPair ? Share(item => item.Agree == true) : null);
    }

    /// <summary>Each question after the written answers to those before.</summary>
    private static IEnumerable<string> Ask(
        Assistant assistant, DialogueRecord record, PromptTemplate? template, int most, CancellationToken cancel)
    {
        using Conversation conversation = assistant.Start(template);
        if (record.Clip is { } clip) conversation.Show(clip, cancel: cancel);
        foreach (string picture in record.Pictures.Take(DialogueRecord.MostPictures)) conversation.Show(picture, cancel: cancel);
        for (int turn = 0; turn + 1 < record.Turns.Count; turn += 2)
        {
            if (turn > 0) conversation.Rewind();
            for (int before = 0; before < turn; before += 2)
                conversation.Recall(record.Asked(before), record.Turns[before + 1].Text ?? "");
            yield return conversation.Ask(record.Asked(turn), new GenerationOptions { MaxTokens = most }, cancel: cancel).Text;
        }
    }
}
