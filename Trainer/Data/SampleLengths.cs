using EdgeVideoLlava.Runtime;

namespace EdgeVideoLlava.Trainer.Data;

/// <summary>Positions that samples take.</summary>
internal static class SampleLengths
{
    private const int CharactersOfAToken = 3, Candidates = 32;

    /// <summary>Of the longest: the candidates by a guess are measured.</summary>
    public static int Longest(VideoLlavaConfig config, SampleReader reader, IReadOnlyList<DialogueRecord> records)
        => records.OrderByDescending(record => Visual(config, record)
            + record.Turns.Sum(turn => turn.Text!.Length) / CharactersOfAToken).Take(Candidates).Max(record => Of(config, reader, record));

    private static int Of(VideoLlavaConfig config, SampleReader reader, DialogueRecord record)
        => Math.Min(reader.Encode(record).Ids.Length + Visual(config, record), config.ExpandedLimit ?? int.MaxValue);

    /// <summary>What visual blocks take beside their places in the ids.</summary>
    private static int Visual(VideoLlavaConfig config, DialogueRecord record)
    {
        int pictures = Math.Min(record.Pictures.Count, DialogueRecord.MostPictures);
        return (pictures == 0 ? 0 : pictures * (config.ImageTower.Positions - 2))
            + (record.Clip == null ? 0 : config.ClipFrames * (config.VideoTower.Positions - 1));
    }
}
