using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Text.Prompts;

namespace EdgeVideoLlava.Trainer.Data;

/// <summary>Makes samples of records, ahead of their use on a thread of its own: decoding, preprocessing, ids and labels.</summary>
/// <remarks>A sample whose picture or clip cannot be read, or of which nothing is left to learn, is skipped, named and counted.</remarks>
internal sealed class SampleReader(Assistant assistant, IReadOnlyList<DialogueRecord> records, Recipe recipe, Action<string> warn)
{
    private readonly DialogueEncoder encoder = new(assistant.Tokenizer, PromptTemplate.Get(recipe.Template));
    private readonly SkippedSamples skipped = new(records.Count, warn);

    /// <summary>Samples that were skipped so far, each counted once.</summary>
    public int Skipped => skipped.Count;

    /// <summary>The micro-batches of the steps from one on, in order; a skipped sample is missing in its micro-batch.</summary>
    /// <exception cref="BadInputException">More than 1 % of the samples are skipped.</exception>
    public IEnumerable<TrainingSample[][]> Read(EpochOrder order, int first, CancellationToken cancel)
    {
        int room = recipe.ReadAhead / (recipe.Batch * recipe.Accumulation);
        return AheadReader.Read(first, order.Total, room, step => order.Step(step)
            .Select(batch => batch.Select(Try).OfType<TrainingSample>().ToArray()).ToArray(), cancel);
    }

    /// <summary>One record as ids, labels and pixels; null where nothing is left to learn.</summary>
    /// <exception cref="BadInputException">A picture or clip cannot be read, or tags do not match.</exception>
    public TrainingSample? Make(DialogueRecord record)
    {
        (int[] ids, int[] labels) = Encode(record);
        var sample = new TrainingSample(ids, labels, [.. Files(record).Select(path => assistant.Look(path))]) { Name = record.Name };
        return sample.Supervised(assistant.Config) == 0 ? null : sample;
    }

    /// <summary>Ids and labels, cut to the recipe's length.</summary>
    public (int[] Ids, int[] Labels) Encode(DialogueRecord record)
    {
        (int[] ids, int[] labels) = encoder.Encode(record.Expanded(assistant.Config.ClipFrames), record.Sees);
        return ([.. ids.Take(recipe.MaxIds)], [.. labels.Take(recipe.MaxIds)]);
    }

    private TrainingSample? Try(int index) => skipped.Try(index, () => Make(records[index]),
        () => $"{records[index].Name}: nothing is left to learn within {recipe.MaxIds} ids");

    /// <summary>The clip first, as the features go.</summary>
    private static IEnumerable<string> Files(DialogueRecord record)
        => (record.Clip == null ? [] : new[] { record.Clip }).Concat(record.Pictures.Take(DialogueRecord.MostPictures));
}
