namespace EdgeVideoLlava.Edge.Trace;

/// <summary>Collects the stages of several visuals and several prompt rows and stacks each kind into one tensor.</summary>
internal sealed class StageStack
{
    private readonly List<string> order = [];
    private readonly Dictionary<string, List<(long[] Shape, float[] Values)>> stages = [];
    private readonly List<(string Name, long[] Ids)> ids = [];

    /// <summary>One picture's or clip's tensor; those of a name must have the same shape to be stacked.</summary>
    public void AddVisual(string name, long[] shape, float[] values) => Parts(name).Add((shape, values));

    /// <summary>One prompt's tensor of (rows, columns) with zero rows in front for its left padding.</summary>
    public void AddRow(string name, int padding, int rows, int columns, float[] values)
    {
        float[] padded = values;
        if (padding > 0)
        {
            padded = new float[(padding + rows) * columns];
            values.CopyTo(padded, padding * columns);
        }
        Parts(name).Add(([padding + rows, columns], padded));
    }

    public void AddIds(string name, long[] row) => ids.Add((name, row));

    /// <summary>Visual stages get the axis of visuals in front, the language model's the batch axis (none for one row).</summary>
    public void WriteTo(TraceFile trace, long[] batch)
    {
        foreach (string name in order)
        {
            List<(long[] Shape, float[] Values)> parts = stages[name];
            bool language = name == "inputs_embeds" || name == "logits" || name.StartsWith("llm.");
            long[] front = language ? batch : [parts.Count];
            // clips of unequal length: no rectangular tensor holds them
            if (parts.Any(part => !part.Shape.SequenceEqual(parts[0].Shape))) continue;
            trace.Add(name, new TraceTensor([.. front, .. parts[0].Shape], [.. parts.SelectMany(part => part.Values)], null));
        }
        if (ids.Count == 0) return;
        int longest = ids.Max(row => row.Ids.Length);
        trace.Add(ids[0].Name, new TraceTensor([.. batch, longest], null,
            [.. ids.SelectMany(row => row.Ids.Concat(Enumerable.Repeat(-1L, longest - row.Ids.Length)))]));
    }

    private List<(long[] Shape, float[] Values)> Parts(string name)
    {
        if (stages.TryGetValue(name, out List<(long[] Shape, float[] Values)>? parts)) return parts;
        order.Add(name);
        return stages[name] = [];
    }
}
