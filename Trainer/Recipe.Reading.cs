using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Trainer;

public sealed partial record Recipe
{
    private const long LongestFile = 1 << 20;

    // Not made at compile time: that code would lose the defaults of fields that a file leaves out.
    private static readonly JsonSerializerOptions Form = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>Reads a recipe's file.</summary>
    /// <param name="changes">Fields, by their names in the file, that take another value, in JSON.</param>
    /// <exception cref="BadInputException">It is no recipe, or fields of it contradict each other.</exception>
    public static Recipe Read(string path, IEnumerable<(string Field, string Value)>? changes = null)
    {
        using FileStream stream = InputFile.Open(path);
        if (stream.Length > LongestFile) throw new BadInputException($"{path}: {stream.Length >> 10} KiB; a recipe has at most 1 MiB");
        using var reader = new StreamReader(stream);
        return Parse(reader.ReadToEnd(), path, changes);
    }

    /// <summary>Reads a recipe.</summary>
    /// <param name="json">Its text.</param>
    /// <param name="source">For messages.</param>
    /// <param name="changes">Fields, by their names in the file, that take another value, in JSON.</param>
    /// <exception cref="BadInputException">It is no recipe, or fields of it contradict each other.</exception>
    public static Recipe Parse(string json, string source, IEnumerable<(string Field, string Value)>? changes = null)
    {
        try
        {
            var options = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
            JsonObject fields = JsonNode.Parse(json, null, options) as JsonObject
                ?? throw new BadInputException($"{source}: no JSON object");
            foreach ((string field, string value) in changes ?? []) fields[field] = Value(value);
            Known(fields, typeof(Recipe), source, "");
            if (fields["lora"] is JsonObject lora) Known(lora, typeof(LoraRecipe), source, "lora.");
            if (fields["alignment"] is JsonObject alignment) Known(alignment, typeof(AlignmentRecipe), source, "alignment.");
            Recipe recipe = fields.Deserialize<Recipe>(Form) ?? throw new BadInputException($"{source}: no recipe");
            return recipe.Checked(source);
        }
        catch (JsonException e)
        {
            string what = e.Path is { Length: > 2 } path ? $"{path[2..]} has a value that it cannot take" : "no JSON";
            throw new BadInputException($"{source}: {what} ({e.Message.Split(" Path:")[0].ReplaceLineEndings(" ").TrimEnd('.', ' ')})", e);
        }
    }

    private static void Known(JsonObject fields, Type type, string source, string within)
    {
        string[] known = [.. type.GetProperties().Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name))];
        if (fields.Select(field => field.Key).Except(known).FirstOrDefault() is { } unknown)
            throw new BadInputException($"{source}: unknown field {within}{unknown}; there are {string.Join(", ", known)}");
    }

    /// <summary>The recipe as a file holds it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Form);

    private static JsonNode? Value(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return text; // a word needs no quotes
        }
    }
}
