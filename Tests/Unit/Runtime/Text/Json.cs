using System.Text.Json;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Text;

/// <summary>Short forms for reading golden JSON.</summary>
internal static class Json
{
    public static JsonElement Load(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.Clone();
    }

    public static int[] Ids(this JsonElement element) => [.. element.EnumerateArray().Select(id => id.GetInt32())];

    public static string[] Texts(this JsonElement element) => [.. element.EnumerateArray().Select(text => text.GetString()!)];

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    /// <summary>The property, or another one where it is null or absent: "null means equal to the reference field".</summary>
    public static JsonElement Or(this JsonElement element, string name, string fallback)
        => element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value
        : element.GetProperty(fallback);
}
