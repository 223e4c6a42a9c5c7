using System.Text.RegularExpressions;

namespace EdgeVideoLlava.Edge.Trace;

/// <summary>Tolerances of a comparison: |got − expected| ≤ absolute + relative · |expected|, one absolute for states,
/// one for logits.</summary>
public sealed record TraceTolerance(double States, double Logits, double Relative = 0)
{
    public static readonly TraceTolerance Original = new(1e-4, 5e-4), Hf = new(2e-4, 1e-3);

    /// <summary>The one of the files' kind of checkpoint.</summary>
    public static TraceTolerance For(TraceFile expected, TraceFile got)
        => HfGolden.IsHf(expected) || HfGolden.IsHfTrace(expected) || HfGolden.IsHfTrace(got) ? Hf : Original;
}

/// <summary>What came of one stage. Error is the largest |got − expected|, NaN where a number is none.</summary>
public sealed record StageResult(string Name, bool Differs, double Error, string Detail);

/// <summary>Compares two traces stage by stage in the order of the forward pass.</summary>
public sealed partial class TraceComparison
{
    private static readonly string[] ForwardOrder =
    [
        "pixel_values", "input_ids", "image_tower.", "image_features", "image_projected", "video_tower.", "video_features",
            "video_projected",
        "inputs_embeds", "llm.layer_output.", "llm.final_norm", "logits", "greedy_ids",
    ];

    public required IReadOnlyList<StageResult> Stages { get; init; }

    /// <summary>Stages of EXPECTED that a trace can write but GOT lacks: each is a difference.</summary>
    public required IReadOnlyList<string> MissingInGot { get; init; }

    /// <summary>Stages of GOT that EXPECTED says nothing about.</summary>
    public required IReadOnlyList<string> MissingInExpected { get; init; }

    public StageResult? FirstDifference => Stages.FirstOrDefault(stage => stage.Differs);

    public bool Equal => FirstDifference == null && MissingInGot.Count == 0;

    /// <summary>Names that a trace can hold.</summary>
    public static bool CanWrite(string name) => Writable().IsMatch(name);

    /// <exception cref="BadInputException">The two have no stage in common.</exception>
    public static TraceComparison Compare(TraceFile expected, TraceFile got, TraceTolerance? tolerance = null)
    {
        tolerance ??= TraceTolerance.For(expected, got);
        if (HfGolden.IsHf(got)) got = HfGolden.Map(got, got);
        if (HfGolden.IsHf(expected)) expected = HfGolden.Map(expected, got);
        string[] common = [.. got.Names.Where(name => expected.Find(name) != null).OrderBy(Order)];
        if (common.Length == 0)
            throw new BadInputException("the two files have no stage in common; were both written by edge trace, or is one a golden file?");
        return new TraceComparison
        {
            Stages = [.. common.Select(name => Stage(name, expected, got, tolerance))],
            MissingInGot = [.. expected.Names.Where(name => got.Find(name) == null && CanWrite(name) && name != "greedy_ids")
            .OrderBy(Order)],
            MissingInExpected = [.. got.Names.Where(name => expected.Find(name) == null).OrderBy(Order)],
        };
    }

    private static StageResult Stage(string name, TraceFile expected, TraceFile actual, TraceTolerance tolerance)
    {
        TraceTensor wanted = expected.Find(name)!, got = actual.Find(name)!;
        bool[]? valid = ValidRows(name, expected, wanted);
        if (wanted.Ids != null || got.Ids != null) return Ids(name, wanted, got, valid);
        if (Rows(name, expected, wanted, actual, got) is not { } rows)
            return new StageResult(name, true, double.NaN,
                $"logit_positions point beyond what is there: expected {wanted.ShapeText}, got {got.ShapeText}");
        if (wanted.RowLength != got.RowLength || wanted.Elements != rows.Length * wanted.RowLength)
            return new StageResult(name, true, double.NaN, $"shapes differ: expected {wanted.ShapeText}, got {got.ShapeText}");
        return Numbers(name, wanted, got, rows, valid, tolerance);
    }

    private static StageResult Numbers(string name, TraceTensor wanted, TraceTensor got, int[] rows, bool[]? valid,
        TraceTolerance tolerance)
    {
        double limit = name == "logits" ? tolerance.Logits : tolerance.States, worst = 0;
        int worstRow = 0, worstColumn = 0, outside = 0;
        for (int row = 0; row < rows.Length; row++)
        {
            if (valid != null && !valid[row]) continue;
            for (int column = 0; column < wanted.RowLength; column++)
            {
                double want = wanted.Floats![row * wanted.RowLength + column];
                double is_ = got.Floats![rows[row] * got.RowLength + column];
                double error = Math.Abs(is_ - want);
                if (!(error <= limit + tolerance.Relative * Math.Abs(want))) outside++;
                if (!(error <= worst) && !double.IsNaN(worst)) (worst, worstRow, worstColumn) = (error, row, column);
            }
        }
        string detail = outside == 0 ? $"largest error {worst:g3}"
            : $"{outside} of {wanted.Elements} numbers differ, largest error {worst:g3} in row {worstRow}, column {worstColumn}";
        return new StageResult(name, outside > 0, worst, detail);
    }

    private static StageResult Ids(string name, TraceTensor wanted, TraceTensor got, bool[]? valid)
    {
        if (wanted.Ids == null || got.Ids == null) return new StageResult(name, true, double.NaN, "one holds ids, the other numbers");
        int count = Math.Min(wanted.RowLength, got.RowLength), rows = wanted.Elements / Math.Max(1, wanted.RowLength);
        if (rows != got.Elements / Math.Max(1, got.RowLength) || (name != "greedy_ids" && wanted.RowLength != got.RowLength))
            return new StageResult(name, true, double.NaN, $"shapes differ: expected {wanted.ShapeText}, got {got.ShapeText}");
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < count; i++)
            {
                if (valid != null && !valid[row * wanted.RowLength + i]) continue;
                (long want, long is_) = (wanted.Ids[row * wanted.RowLength + i], got.Ids[row * got.RowLength + i]);
                if (want != is_)
                    return new StageResult(name, true, double.NaN, $"id {i}{(rows > 1 ? $" of row {row}" : "")} is {is_}, expected {want}");
            }
        }
        return new StageResult(name, false, 0, $"{rows * count} ids equal");
    }

    /// <summary>Which row of GOT belongs to each row of EXPECTED: logit_positions selects logits, otherwise all in
    /// order; null if one is not there.</summary>
    private static int[]? Rows(string name, TraceFile expected, TraceTensor wanted, TraceFile actual, TraceTensor got)
    {
        int available = got.Elements / Math.Max(1, got.RowLength);
        long[]? positions = name == "logits" ? expected.Find("logit_positions")?.Ids : null;
        if (positions == null || wanted.Elements != positions.Length * wanted.RowLength) return [.. Enumerable.Range(0, available)];
        // GOT may be a selection too: then it says which position each of its rows is.
        long[] there = actual.Find("logit_positions")?.Ids is { } own && own.Length == available ? own
            : [.. Enumerable.Range(0, available)];
        int[] rows = [.. positions.Select(position => Array.IndexOf(there, position))];
        return rows.Contains(-1) ? null : rows;
    }

    /// <summary>Positions of a batch whose attention_mask is 0 mean nothing: rows of the language model's stages,
    /// single ids of the prompt.</summary>
    private static bool[]? ValidRows(string name, TraceFile expected, TraceTensor wanted)
    {
        bool ids = name == "input_ids";
        if (!ids && name is not ("inputs_embeds" or "logits") && !name.StartsWith("llm.")) return null;
        long[]? mask = expected.Find("attention_mask")?.Ids;
        return mask != null && mask.Length == (ids ? wanted.Elements : wanted.Elements / Math.Max(1, wanted.RowLength))
            ? [.. mask.Select(value => value != 0)] : null;
    }

    /// <summary>Place of a stage in the forward pass, whatever the order in a file: the first that differs is where
    /// things go wrong.</summary>
    private static (int Stage, int Layer) Order(string name)
    {
        Match layer = Layer().Match(name);
        int stage = Array.FindIndex(ForwardOrder, start => name.StartsWith(start, StringComparison.Ordinal));
        return (stage < 0 ? ForwardOrder.Length : stage, layer.Success && int.TryParse(layer.Value, out int number) ? number : 0);
    }

    [GeneratedRegex(@"\d+$")]
    private static partial Regex Layer();

    [GeneratedRegex(
        @"^(pixel_values(_images|_videos)?|input_ids|(image|video)_tower\.(frame0\.)?hidden_states\.\d+"
        + @"|(image|video)_(features|projected)|inputs_embeds|llm\.layer_output\.\d+|llm\.final_norm|logits|greedy_ids)$")]
    private static partial Regex Writable();
}
