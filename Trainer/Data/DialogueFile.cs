using System.Text.Json;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Text.Prompts;

namespace EdgeVideoLlava.Trainer.Data;

/// <summary>Data files as LLaVA and Video-LLaVA write them: an array of samples with image, video and conversations.</summary>
/// <remarks>
/// <c>image</c> and <c>video</c> are a path or a list, relative to a folder; a leading answer is skipped, then questions ("human") and
/// answers ("gpt") take turns. Where the reference replaces a broken sample by a random other one, it is an error here.
/// </remarks>
internal static class DialogueFile
{
    private static readonly JsonSerializerOptions Reading = new() { MaxDepth = 8 };

    /// <summary>The samples of a file, which are read one after the other.</summary>
    /// <param name="pictures">Folder of the paths of <c>image</c>.</param>
    /// <param name="clips">Folder of the paths of <c>video</c>.</param>
    /// <exception cref="BadInputException">The file is no such array, or a sample is broken or names a file that is not there.</exception>
    public static IReadOnlyList<DialogueRecord> Read(string path, string pictures, string clips)
    {
        using FileStream stream = InputFile.Open(path);
        var records = new List<DialogueRecord>();
        try
        {
            foreach (JsonElement sample in JsonSerializer.DeserializeAsyncEnumerable<JsonElement>(stream, Reading).ToBlockingEnumerable())
            {
                DialogueRecord record = Parse(sample, $"{path}, sample {records.Count}", pictures, clips);
                foreach (string file in record.Pictures.Concat(record.Clip == null ? [] : [record.Clip]))
                {
                    if (!File.Exists(file))
                        throw new BadInputException($"{record.Name}: {file} is not there; check the folder of the files");
                }
                records.Add(record);
            }
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{path}: no array of samples ({e.Message.ReplaceLineEndings(" ")})", e);
        }
        if (records.Count == 0) throw new BadInputException($"{path}: no samples");
        return records;
    }

    /// <param name="name">For messages.</param>
    /// <exception cref="BadInputException">The sample is broken.</exception>
    internal static DialogueRecord Parse(JsonElement sample, string name, string pictures, string clips)
    {
        if (sample.ValueKind != JsonValueKind.Object) throw new BadInputException($"{name}: no object with conversations");
        IReadOnlyList<string> images = Paths(sample, "image", pictures, name), videos = Paths(sample, "video", clips, name);
        if (videos.Count > 1) throw new BadInputException($"{name}: {videos.Count} videos; a sample has at most one");
        if (!sample.TryGetProperty("conversations", out JsonElement turns) || turns.ValueKind != JsonValueKind.Array)
            throw new BadInputException($"{name}: no conversations");
        List<ChatMessage> messages = [.. turns.EnumerateArray().Select((turn, i) => Turn(turn, $"{name}, turn {i}"))];
        if (messages.Count > 0 && messages[0].Role == ChatRole.Assistant) messages.RemoveAt(0);
        for (int i = 0; i < messages.Count; i++)
        {
            if (messages[i].Role != (ChatRole)(i % 2))
                throw new BadInputException($"{name}: questions (human) and answers (gpt) do not take turns");
        }
        string? Kind(string key) => sample.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() : null;
        return new DialogueRecord(name, videos.Count == 0 ? null : videos[0], images, messages) { Type = Kind("type") ?? Kind("category") };
    }

    private static ChatMessage Turn(JsonElement turn, string name)
    {
        string? Text(string key) => turn.ValueKind == JsonValueKind.Object && turn.TryGetProperty(key, out JsonElement value)
            && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        ChatRole role = Text("from") switch
        {
            "human" => ChatRole.User,
            "gpt" => ChatRole.Assistant,
            var other => throw new BadInputException($"{name}: from is {other ?? "absent"}; it is human or gpt"),
        };
        return new ChatMessage(role, Text("value") ?? throw new BadInputException($"{name}: no value"));
    }

    private static IReadOnlyList<string> Paths(JsonElement sample, string key, string folder, string name)
    {
        if (!sample.TryGetProperty(key, out JsonElement value)) return [];
        JsonElement[] paths = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        if (paths.Any(path => path.ValueKind != JsonValueKind.String)) throw new BadInputException($"{name}: {key} is no path");
        return [.. paths.Select(path => Path.Combine(folder, path.GetString()!))];
    }
}
