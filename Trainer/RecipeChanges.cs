using System.Text.Json.Nodes;

namespace EdgeVideoLlava.Trainer;

/// <summary>Which fields of two recipes differ, of those that decide what a run computes.</summary>
internal static class RecipeChanges
{
    private static readonly string[] Free
        = ["output", "saveEvery", "keep", "readAhead", "recompute", "validation", "validateEvery", "shownAnswers"];

    public static string[] Between(string before, string now)
    {
        JsonObject old = JsonNode.Parse(before)!.AsObject(), other = JsonNode.Parse(now)!.AsObject();
        return [.. other.Select(pair => pair.Key).Union(old.Select(pair => pair.Key)).Except(Free)
            .Where(key => !JsonNode.DeepEquals(old[key], other[key]))];
    }
}
