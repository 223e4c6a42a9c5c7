using System.Text.Json;

namespace EdgeVideoLlava.Runtime.Files;

/// <summary>Reads a JSON file that a stranger may have made: a ceiling on its size and depth, one clear line when it is broken.</summary>
internal static class JsonFile
{
    private const long SizeCeiling = 64 << 20;

    /// <summary>Parses the file. Every name and text in it can be read without an exception.</summary>
    /// <exception cref="BadInputException">It is missing, too large, or not JSON.</exception>
    public static JsonDocument Read(string path)
    {
        using FileStream stream = InputFile.Open(path);
        if (stream.Length > SizeCeiling)
            throw new BadInputException($"{path}: {stream.Length >> 20} MiB of JSON; at most {SizeCeiling >> 20} MiB are read");
        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = 32 });
            ReadTexts(document.RootElement);
            return document;
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{path}: not valid JSON (line {e.LineNumber + 1}); fetch or write it again", e);
        }
        catch (InvalidOperationException e)
        {
            document?.Dispose();
            throw new BadInputException($"{path}: not valid JSON (a text in it is not Unicode); fetch or write it again", e);
        }
    }

    /// <summary>The parser leaves texts undecoded: half a surrogate pair or broken UTF-8 would only throw where it is used.</summary>
    private static void ReadTexts(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.String) element.GetString();
        else if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in element.EnumerateArray()) ReadTexts(item);
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in element.EnumerateObject())
            {
                _ = property.Name;
                ReadTexts(property.Value);
            }
        }
    }
}
