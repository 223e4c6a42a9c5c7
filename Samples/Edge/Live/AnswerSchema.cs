using System.Text.Json;
using EdgeVideoLlava.Runtime.Files;
using Json.Schema;

namespace EdgeVideoLlava.Edge.Live;

/// <summary>What an answer in JSON must look like.</summary>
internal sealed class AnswerSchema
{
    private const int MaxBytes = 1 << 20;

    /// <summary>Of the preset json.</summary>
    private const string Default = """
        {
          "type": "object",
          "properties": { "summary": { "type": "string", "minLength": 1 }, "objects": { "type": "array", "items": { "type": "string" } } },
          "required": ["summary", "objects"]
        }
        """;

    private readonly JsonSchema schema;

    private AnswerSchema(string text) => schema = JsonSchema.FromText(text);

    /// <summary>The schema of the preset.</summary>
    public static AnswerSchema OfPreset() => new(Default);

    /// <summary>A schema of a file, any that JSON Schema 2020-12 knows; nothing is fetched that it refers to.</summary>
    /// <exception cref="BadInputException">It is none.</exception>
    public static AnswerSchema Load(string path)
    {
        using FileStream file = InputFile.Open(path);
        if (file.Length > MaxBytes) throw new BadInputException($"{path}: {file.Length} bytes; a schema has {MaxBytes} at most");
        using var reader = new StreamReader(file);
        try
        {
            return new AnswerSchema(reader.ReadToEnd());
        }
        catch (Exception e) when (e is JsonException or JsonSchemaException or ArgumentException or InvalidOperationException)
        {
            throw new BadInputException($"{path}: no JSON schema ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')})", e);
        }
    }

    /// <summary>What is wrong with an answer; null: nothing.</summary>
    public string? Check(string answer)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(Inner(answer));
            EvaluationResults results = schema.Evaluate(json.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List });
            return results.IsValid ? null : Complaint(results);
        }
        catch (JsonException)
        {
            return "is no JSON";
        }
    }

    /// <summary>Without the fence that models like to put around it.</summary>
    private static string Inner(string answer)
    {
        string text = answer.Trim();
        if (!text.StartsWith("```", StringComparison.Ordinal)) return text;
        int begin = text.IndexOf('\n') + 1, end = text.LastIndexOf("```", StringComparison.Ordinal);
        return begin > 0 && end > begin ? text[begin..end] : text;
    }

    private static string Place(EvaluationResults detail)
        => detail.InstanceLocation.ToString() is { Length: > 0 } place ? place : "the whole";

    private static string Complaint(EvaluationResults results)
        => (results.Details ?? []).Where(detail => detail.Errors is { Count: > 0 })
            .Select(detail => $"{Place(detail)}: {detail.Errors!.First().Value}").FirstOrDefault() ?? "does not fit the schema";
}
