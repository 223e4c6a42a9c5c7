using System.Collections.Concurrent;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Text.Prompts;

namespace EdgeVideoLlava.Trainer.Data;

/// <summary>Makes samples of records, ahead of their use on a thread of its own: decoding, preprocessing, ids and labels.</summary>
/// <remarks>A sample whose picture or clip cannot be read, or of which nothing is left to learn, is skipped, named and counted.</remarks>
internal sealed class SampleReader(Assistant assistant, IReadOnlyList<DialogueRecord> records, Recipe recipe, Action<string> warn)
{
    /// <summary>More than this share of skipped samples stops a run.</summary>
    private const double MostSkipped = 0.01;

    private readonly DialogueEncoder encoder = new(assistant.Tokenizer, PromptTemplate.Get(recipe.Template));
    private readonly ConcurrentDictionary<int, bool> skipped = new();

    /// <summary>Samples that were skipped so far, each counted once.</summary>
    public int Skipped => skipped.Count;

    /// <summary>The micro-batches of the steps from one on, in order; a skipped sample is missing in its micro-batch.</summary>
    /// <exception cref="BadInputException">More than 1 % of the samples are skipped.</exception>
    public IEnumerable<TrainingSample[][]> Read(EpochOrder order, int first, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var queue = new BlockingCollection<TrainingSample[][]>(Math.Max(1, recipe.ReadAhead / (recipe.Batch * recipe.Accumulation)));
        Task reading = Task.Run(() => Fill(queue, order, first, stop.Token), CancellationToken.None);
        try
        {
            foreach (TrainingSample[][] step in queue.GetConsumingEnumerable(CancellationToken.None)) yield return step;
            reading.GetAwaiter().GetResult();
        }
        finally
        {
            stop.Cancel();
            while (queue.TryTake(out _)) { }
            try
            {
                reading.Wait(CancellationToken.None);
            }
            catch (AggregateException) when (stop.IsCancellationRequested)
            {
            }
        }
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

    private void Fill(BlockingCollection<TrainingSample[][]> queue, EpochOrder order, int first, CancellationToken cancel)
    {
        try
        {
            for (int step = first; step < order.Total && !cancel.IsCancellationRequested; step++)
            {
                TrainingSample[][] samples = [.. order.Step(step)
                    .Select(batch => batch.Select(Try).OfType<TrainingSample>().ToArray())];
                queue.Add(samples, cancel);
            }
        }
        catch (OperationCanceledException)
        {
        }
        finally
        {
            queue.CompleteAdding();
        }
    }

    private TrainingSample? Try(int index)
    {
        if (skipped.ContainsKey(index)) return null;
        try
        {
            if (Make(records[index]) is { } sample) return sample;
            Skip(index, $"{records[index].Name}: nothing is left to learn within {recipe.MaxIds} ids");
        }
        catch (BadInputException e)
        {
            Skip(index, e.Message);
        }
        return null;
    }

    private void Skip(int index, string reason)
    {
        skipped[index] = true;
        warn($"skipped: {reason}");
        if (skipped.Count > Math.Max(1, MostSkipped * records.Count))
            throw new BadInputException($"{skipped.Count} of {records.Count} samples cannot be used, the last: {reason}; mend the data");
    }

    /// <summary>The clip first, as the features go.</summary>
    private static IEnumerable<string> Files(DialogueRecord record)
        => (record.Clip == null ? [] : new[] { record.Clip }).Concat(record.Pictures.Take(DialogueRecord.MostPictures));
}
