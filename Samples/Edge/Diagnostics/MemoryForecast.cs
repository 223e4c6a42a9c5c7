using System.Globalization;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>What a model would need, by the same forecast that every load begins with; nothing is loaded.</summary>
internal static class MemoryForecast
{
    /// <summary>Boards with one memory for all, by what is theirs and what their system leaves, in GB.</summary>
    private static readonly (int Has, double Leaves)[] Boards = [(8, 6), (16, 14), (32, 29), (64, 60)];

    /// <summary>A table in Markdown: an accelerator's need with either cache, and on which boards it fits.</summary>
    public static void Write(TextWriter output, string name, VideoLlavaConfig config, StorageType type)
    {
        using Checkpoint outline = SyntheticCheckpoint.Outline(config, type);
        string boards = string.Join(" | ", Boards.Select(board => Invariant($"{board.Has} GB, {board.Leaves} free")));
        output.WriteLine(Invariant($"| {name}, an accelerator | weights | KV cache of {config.Language.Context} | together | {boards} |"));
        output.WriteLine($"|---|---:|---:|---:|{string.Concat(Boards.Select(_ => "---|"))}");
        foreach ((string words, StorageType cache) in new[] { ("int8", StorageType.I8), ("fp16", StorageType.F16) })
        {
            MemoryNeed need = MemoryNeed.Of(outline, config, cache: cache);
            double together = (need.OnAccelerator + need.KvCache) / 1e9;
            string fits = string.Join(" | ", Boards.Select(board => together <= board.Leaves ? "yes" : "no"));
            output.WriteLine(Invariant($"| cache {words} | {need.OnAccelerator / 1e9:0.0} GB | {need.KvCache / 1e9:0.0} GB | ")
                + Invariant($"{together:0.0} GB | {fits} |"));
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
