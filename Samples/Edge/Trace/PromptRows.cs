using System.Text.Json;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Edge.Trace;

/// <summary>The ids of one prompt or of a left-padded batch, as the reference files store them.</summary>
/// <param name="Rows">Without padding.</param>
/// <param name="Padding">Padding in front of each row.</param>
/// <param name="PadId">The id that pads.</param>
public sealed record PromptRows(IReadOnlyList<int[]> Rows, IReadOnlyList<int> Padding, long PadId = 0)
{
    private const int PaddingCeiling = 1 << 20;

    /// <summary>Reads `input_ids` of a JSON or safetensors file: flat, or one list a row; padding by `left_padding`
    /// or `attention_mask`.</summary>
    /// <exception cref="BadInputException">There are none, or they are no ids.</exception>
    public static PromptRows Read(string path) => path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? ReadJson(path)
        : ReadTensors(path);

    /// <summary>The trace's input_ids: [S] for one row, [B, L] padded.</summary>
    public TraceTensor ToTensor()
    {
        if (Rows.Count == 1 && Padding[0] == 0) return new TraceTensor([Rows[0].Length], null, [.. Rows[0].Select(id => (long)id)]);
        int length = Padding[0] + Rows[0].Length;
        return new TraceTensor([Rows.Count, length], null,
            [.. Rows.SelectMany((row, i) => Enumerable.Repeat(PadId, Padding[i]).Concat(row.Select(id => (long)id)))]);
    }

    private static PromptRows ReadTensors(string path)
    {
        using var file = new SafeTensors(path);
        HostTensor ids = file["input_ids"];
        if (ids.Type is not (StorageType.I64 or StorageType.I32) || ids.Shape.Count is < 1 or > 2 || ids.Elements == 0)
            throw new BadInputException($"{path}: {ids} are no prompt ids");
        long[] values = ids.ToLongs();
        int length = (int)ids.Shape[^1], count = values.Length / length;
        int[] padding = new int[count];
        if (file.Tensors.TryGetValue("attention_mask", out HostTensor? mask) && mask.Elements == ids.Elements
            && mask.Type is StorageType.I64 or StorageType.I32)
            padding = [.. mask.ToLongs().Chunk(length).Select(row => PaddingOf(path, row))];
        return Checked(path, [.. values.Chunk(length).Select((row, i) => Ids(path, row.Skip(padding[i])))], padding,
            PadIdOf(values, length, padding));
    }

    /// <summary>Zeros in front; one behind a real position would be padding on the right, which no row of a trace has.</summary>
    private static int PaddingOf(string path, long[] mask)
    {
        int left = mask.TakeWhile(value => value == 0).Count();
        return mask.Skip(left).All(value => value != 0) ? left
            : throw new BadInputException($"{path}: attention_mask has zeros behind real positions; rows are padded on the left here");
    }

    private static PromptRows ReadJson(string path)
    {
        using JsonDocument document = JsonFile.Read(path);
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("input_ids", out JsonElement ids) || ids.ValueKind != JsonValueKind.Array
            || ids.GetArrayLength() == 0)
            throw new BadInputException($"{path}: no list input_ids in it");
        JsonElement[] rows = ids[0].ValueKind == JsonValueKind.Array ? [.. ids.EnumerateArray()] : [ids];
        if (rows.Any(row => row.ValueKind != JsonValueKind.Array))
            throw new BadInputException($"{path}: input_ids mixes ids and rows of ids");
        int[] padding = new int[rows.Length];
        if (document.RootElement.TryGetProperty("left_padding", out JsonElement left) && left.ValueKind == JsonValueKind.Array
            && left.GetArrayLength() == rows.Length)
            padding = Ids(path, left.EnumerateArray().Select(value => Number(path, value)));
        // The rows of a JSON file may hold their padding or not; those of one length do.
        bool padded = rows.Select(row => row.GetArrayLength()).Distinct().Count() == 1;
        return Checked(path,
            [.. rows.Select((row, i) => Ids(path, row.EnumerateArray().Skip(padded ? padding[i] : 0)
            .Select(value => Number(path, value))))], padding, 0);
    }

    private static PromptRows Checked(string path, int[][] rows, int[] padding, long padId)
    {
        if (padding.Any(count => count is < 0 or > PaddingCeiling)) throw new BadInputException($"{path}: left_padding is out of range");
        if (rows.Any(row => row.Length == 0)) throw new BadInputException($"{path}: a row of input_ids is empty");
        if (rows.Select((row, i) => row.Length + padding[i]).Distinct().Count() > 1)
            throw new BadInputException($"{path}: the rows of input_ids are of unequal length with their padding");
        return new PromptRows(rows, padding, padId);
    }

    private static long PadIdOf(long[] values, int length, int[] padding)
    {
        int padded = Array.FindIndex(padding, count => count > 0);
        return padded < 0 ? 0 : values[padded * length];
    }

    private static long Number(string path, JsonElement value)
        => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) ? number
        : throw new BadInputException($"{path}: input_ids holds something that is no id");

    private static int[] Ids(string path, IEnumerable<long> values)
        => [.. values.Select(value => value is >= int.MinValue and <= int.MaxValue ? (int)value
        : throw new BadInputException($"{path}: {value} is no token id"))];
}
