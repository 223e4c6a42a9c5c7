using System.Text.Json;
using EdgeVideoLlava.Runtime.Weights.Gguf;

namespace EdgeVideoLlava.Quantizer.Conversion;

/// <summary>What is in a folder of converted files, with their SHA-256: docs/formats.md.</summary>
internal static class Manifest
{
    private const int Version = 1;

    public static void Write(Stream stream, QuantizerReport report, ModelPlan plan)
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteNumber("version", Version);
        json.WriteString("type", report.Type);
        json.WriteStartArray("files");
        foreach (WrittenFile file in report.Files)
        {
            json.WriteStartObject();
            json.WriteString("name", file.Name);
            json.WriteString("part", file.Part);
            json.WriteNumber("bytes", file.Bytes);
            json.WriteString("sha256", file.Sha256);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("model");
        foreach (GgufKey key in plan.Files[0].Keys.Where(key => IsShown(key.Name))) WriteValue(json, key);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Our own keys that are short.</summary>
    private static bool IsShown(string key)
        => key.StartsWith("edge.") && !key.StartsWith("edge.files.") && !key.StartsWith("edge.tokenizer.added");

    private static void WriteValue(Utf8JsonWriter json, GgufKey key)
    {
        string name = key.Name["edge.".Length..];
        ReadOnlySpan<byte> value = key.Value.AsSpan(sizeof(uint));
        switch ((GgufType)BitConverter.ToUInt32(key.Value))
        {
            case GgufType.String: json.WriteString(name, value[sizeof(long)..]); break;
            case GgufType.Bool: json.WriteBoolean(name, value[0] != 0); break;
            case GgufType.UInt32: json.WriteNumber(name, BitConverter.ToUInt32(value)); break;
        }
    }
}
