using System.Text.Json;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Trainer.Alignment;

/// <summary>A picture or clip with its caption.</summary>
/// <param name="Name">File and place, for messages.</param>
/// <param name="Caption">Null where ids are given.</param>
internal sealed record CaptionRecord(string Name, string Path, bool IsClip, string? Caption, int[]? Ids);

/// <summary>Data of the stage alignment: an array of { "image" or "video": path, "caption": text or "ids": numbers }.</summary>
internal static class CaptionFile
{
    private static readonly JsonSerializerOptions Reading = new() { MaxDepth = 8 };

    /// <param name="pictures">Folder of the paths of <c>image</c>.</param>
    /// <param name="clips">Folder of the paths of <c>video</c>.</param>
    /// <exception cref="BadInputException">The file is no such array, or a sample is broken or names a file that is not there.</exception>
    public static IReadOnlyList<CaptionRecord> Read(string path, string pictures, string clips)
    {
        using FileStream stream = InputFile.Open(path);
        List<CaptionRecord> records = [];
        try
        {
            foreach (JsonElement sample in JsonSerializer.DeserializeAsyncEnumerable<JsonElement>(stream, Reading).ToBlockingEnumerable())
                records.Add(Parse(sample, $"{path}, sample {records.Count}", pictures, clips));
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{path}: no array of samples ({e.Message.ReplaceLineEndings(" ")})", e);
        }
        if (records.Count == 0) throw new BadInputException($"{path}: no samples");
        return records;
    }

    private static CaptionRecord Parse(JsonElement sample, string name, string pictures, string clips)
    {
        string? Text(string key) => sample.ValueKind == JsonValueKind.Object && sample.TryGetProperty(key, out JsonElement value)
            && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        string? image = Text("image"), video = Text("video"), caption = Text("caption");
        if (image == null == (video == null)) throw new BadInputException($"{name}: an image or a video is wanted, one of them");
        int[]? ids = sample.TryGetProperty("ids", out JsonElement numbers) ? Ids(numbers, name) : null;
        if (caption == null == (ids == null)) throw new BadInputException($"{name}: a caption or ids are wanted, one of them");
        string file = Path.Combine(video == null ? pictures : clips, (video ?? image)!);
        if (!File.Exists(file)) throw new BadInputException($"{name}: {file} is not there; check the folder of the files");
        return new CaptionRecord(name, file, video != null, caption, ids);
    }

    private static int[] Ids(JsonElement numbers, string name)
    {
        if (numbers.ValueKind != JsonValueKind.Array || numbers.GetArrayLength() == 0
            || numbers.EnumerateArray().Any(number => number.ValueKind != JsonValueKind.Number || !number.TryGetInt32(out _)))
            throw new BadInputException($"{name}: ids are no list of whole numbers");
        return [.. numbers.EnumerateArray().Select(number => number.GetInt32())];
    }
}
