using System.Text.Json;

namespace EdgeVideoLlava.Runtime.Text.Vocabularies;

/// <summary>What the JSON files beside a vocabulary say: added tokens, the legacy switch, and the form of tokenizer.json.</summary>
internal sealed class TokenizerFiles : IDisposable
{
    private const long FileCeiling = 256L << 20;

    private readonly JsonDocument? config;
    private readonly JsonDocument? tokenizer;

    public string Folder { get; }

    /// <summary>Special tokens by their text, from tokenizer.json, tokenizer_config.json and added_tokens.json.</summary>
    public Dictionary<string, SpecialToken> AddedTokens { get; } = [];

    public bool HasConfig => config != null;

    /// <summary>Root of tokenizer.json, or null where there is none.</summary>
    public JsonElement? Tokenizer => tokenizer?.RootElement;

    public TokenizerFiles(string folder)
    {
        Folder = folder;
        if (!Directory.Exists(folder)) throw new BadInputException($"{folder}: no such folder; it should hold the tokenizer's files");
        try
        {
            config = Read("tokenizer_config.json");
            tokenizer = Read("tokenizer.json");
            AddTokenizerTokens();
            AddConfigTokens();
            using JsonDocument? added = Read("added_tokens.json");
            foreach (JsonProperty token in added?.RootElement.EnumerateObject() ?? default) Add(token.Name, token.Value, default);
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException)
        {
            Dispose();
            throw new BadInputException($"{folder}: the tokenizer's JSON files are not of the known form; fetch them again", e);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        config?.Dispose();
        tokenizer?.Dispose();
    }

    public string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>A true/false value of tokenizer_config.json; null where it is absent or null.</summary>
    public bool? Flag(string name)
        => config != null && config.RootElement.TryGetProperty(name, out JsonElement value)
            ? value.ValueKind switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null }
            : null;

    /// <summary>Text of a token named in tokenizer_config.json ("bos_token"), written as a string or as an object
    /// with its content; else null.</summary>
    public string? Token(string name)
    {
        if (config == null || !config.RootElement.TryGetProperty(name, out JsonElement value)) return null;
        if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("content", out JsonElement content)) value = content;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    /// <summary>"Sequence(Prepend, Replace)": a section of tokenizer.json in short; "none" where it is null or absent.</summary>
    public string Describe(string section)
        => Tokenizer is JsonElement root && root.TryGetProperty(section, out JsonElement element) ? Describe(element) : "none";

    private static string Describe(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object) return "none";
        string type = element.TryGetProperty("type", out JsonElement name) ? name.ToString() : "?";
        foreach (string list in (string[])["normalizers", "pretokenizers"])
        {
            if (element.TryGetProperty(list, out JsonElement parts) && parts.ValueKind == JsonValueKind.Array)
                return $"{type}({string.Join(", ", parts.EnumerateArray().Select(Describe))})";
        }
        return element.TryGetProperty("prepend_scheme", out JsonElement scheme) ? $"{type} {scheme}" : type;
    }

    private void AddTokenizerTokens()
    {
        if (Tokenizer is not JsonElement root || !root.TryGetProperty("added_tokens", out JsonElement tokens)) return;
        foreach (JsonElement token in tokens.EnumerateArray())
            Add(token.GetProperty("content").GetString(), token.GetProperty("id"), token);
    }

    private void AddConfigTokens()
    {
        if (config == null || !config.RootElement.TryGetProperty("added_tokens_decoder", out JsonElement tokens)) return;
        foreach (JsonProperty token in tokens.EnumerateObject())
        {
            if (!int.TryParse(token.Name, out int id))
                throw new BadInputException($"{PathOf("tokenizer_config.json")}: the added token id {token.Name} is not a number");
            Add(token.Value.GetProperty("content").GetString(), id, token.Value);
        }
    }

    private void Add(string? text, JsonElement id, JsonElement flags)
    {
        if (id.ValueKind != JsonValueKind.Number || !id.TryGetInt32(out int number))
            throw new BadInputException($"{Folder}: the added token {text} has an id that is not a number; "
                + "fetch the tokenizer files again");
        Add(text, number, flags);
    }

    private void Add(string? text, int id, JsonElement flags)
    {
        if (string.IsNullOrEmpty(text) || id < 0)
            throw new BadInputException($"{Folder}: an added token has no text or a negative id; fetch the tokenizer files again");
        if (IsSet(flags, "single_word"))
            throw new BadInputException($"{Folder}: the added token {text} wants whole words only (single_word), which is not supported");
        if (AddedTokens.TryGetValue(text, out SpecialToken known))
        {
            if (known.Id != id)
                throw new BadInputException($"{Folder}: the tokenizer files give {text} the ids {known.Id} and {id}; fetch them again");
            return;
        }
        AddedTokens.Add(text, new SpecialToken(text, id, IsSet(flags, "lstrip"), IsSet(flags, "rstrip")));
    }

    private static bool IsSet(JsonElement flags, string name)
        => flags.ValueKind == JsonValueKind.Object && flags.TryGetProperty(name, out JsonElement value)
        && value.ValueKind == JsonValueKind.True;

    private JsonDocument? Read(string name)
    {
        var info = new FileInfo(PathOf(name));
        if (!info.Exists) return null;
        if (info.Length > FileCeiling)
            throw new BadInputException($"{info.FullName}: {info.Length} bytes, more than the {FileCeiling} allowed");
        try
        {
            JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(info.FullName));
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
            document.Dispose();
            throw new BadInputException($"{PathOf(name)}: no JSON object; fetch it again");
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{PathOf(name)}: not valid JSON (line {e.LineNumber + 1}); fetch it again", e);
        }
    }
}
