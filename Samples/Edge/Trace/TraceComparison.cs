using System.Text.RegularExpressions;
using EdgeVideoLlava.Kernels;

namespace EdgeVideoLlava.Edge.Trace;

/// <summary>Tolerances of a comparison: |got − expected| ≤ absolute + relative · |expected|, one absolute for states, one for logits.</summary>
public sealed record TraceTolerance(double States, double Logits, double Relative = 0)
{
    public static readonly TraceTolerance Original = new(1e-4, 5e-4), Hf = new(2e-4, 1e-3);

    /// <summary>The one of the files' kind of checkpoint.</summary>
    public static TraceTolerance For(TraceFile expected, TraceFile got) => HfGolden.IsHf(expected) || HfGolden.IsHfTrace(expected) || HfGolden.IsHfTrace(got) ? Hf : Original;
}

/// <summary>What came of one stage. Error is the largest |got − expected|, NaN where a number is none.</summary>
public sealed record StageResult(string Name, bool Differs, double Error, string Detail);

/// <summary>Compares two traces stage by stage in the order of the forward pass.</summary>
public sealed partial class TraceComparison
{
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
        if (HfGolden.IsHf(expected)) expected = HfGolden.Map(expected, got);
        string[] common = [.. got.Names.Where(name => expected.Find(name) != null)];
        if (common.Length == 0) throw new BadInputException("the two files have no stage in common; were both written by edge trace, or is one a golden file?");
        return new TraceComparison
        {
            Stages = [.. common.Select(name => Stage(name, expected, got.Find(name)!, tolerance))],
            MissingInGot = [.. expected.Names.Where(name => got.Find(name) == null && CanWrite(name) && name != "greedy_ids")],
            MissingInExpected = [.. got.Names.Where(name => expected.Find(name) == null)],
        };
    }

    private static StageResult Stage(string name, TraceFile expected, TraceTensor got, TraceTolerance tolerance)
    {
        TraceTensor wanted = expected.Find(name)!;
        if (wanted.Ids != null || got.Ids != null) return Ids(name, wanted, got);
        int[] rows = Rows(name, expected, wanted, got);
        if (wanted.RowLength != got.RowLength || wanted.Elements != rows.Length * wanted.RowLength)
            return new StageResult(name, true, double.NaN, $"shapes differ: expected {wanted.ShapeText}, got {got.ShapeText}");
        bool[]? valid = ValidRows(expected, wanted);
        double limit = name == "logits" ? tolerance.Logits : tolerance.States, worst = 0;
        int worstRow = 0, worstColumn = 0, outside = 0;
        for (int row = 0; row < rows.Length; row++)
        {
            if (valid != null && !valid[row]) continue;
            for (int column = 0; column < wanted.RowLength; column++)
            {
                double want = wanted.Floats![row * wanted.RowLength + column], is_ = got.Floats![rows[row] * got.RowLength + column], error = Math.Abs(is_ - want);
                if (!(error <= limit + tolerance.Relative * Math.Abs(want))) outside++;
                if (!(error <= worst) && !double.IsNaN(worst)) (worst, worstRow, worstColumn) = (error, row, column);
            }
        }
        string detail = outside == 0 ? $"largest error {worst:g3}" : $"{outside} of {wanted.Elements} numbers differ, largest error {worst:g3} in row {worstRow}, column {worstColumn}";
        return new StageResult(name, outside > 0, worst, detail);
    }

    private static StageResult Ids(string name, TraceTensor wanted, TraceTensor got)
    {
        if (wanted.Ids == null || got.Ids == null) return new StageResult(name, true, double.NaN, "one holds ids, the other numbers");
        int count = Math.Min(wanted.RowLength, got.RowLength), rows = wanted.Elements / Math.Max(1, wanted.RowLength);
        if (rows != got.Elements / Math.Max(1, got.RowLength) || (name != "greedy_ids" && wanted.RowLength != got.RowLength))
            return new StageResult(name, true, double.NaN, $"shapes differ: expected {wanted.ShapeText}, got {got.ShapeText}");
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < count; i++)
            {
                (long want, long is_) = (wanted.Ids[row * wanted.RowLength + i], got.Ids[row * got.RowLength + i]);
                if (want != is_) return new StageResult(name, true, double.NaN, $"id {i}{(rows > 1 ? $" of row {row}" : "")} is {is_}, expected {want}");
            }
        }
        return new StageResult(name, false, 0, $"{rows * count} ids equal");
    }

    /// <summary>Which row of GOT belongs to each row of EXPECTED: logit_positions selects logits, otherwise all in order.</summary>
    private static int[] Rows(string name, TraceFile expected, TraceTensor wanted, TraceTensor got)
    {
        TraceTensor? positions = name == "logits" ? expected.Find("logit_positions") : null;
        if (positions?.Ids == null) return [.. Enumerable.Range(0, got.Elements / Math.Max(1, got.RowLength))];
        int available = got.Elements / got.RowLength;
        return positions.Ids.Length == wanted.Elements / wanted.RowLength && positions.Ids.All(position => position >= 0 && position < available)
            ? [.. positions.Ids.Select(position => (int)position)]
            : [];
    }

    /// <summary>Rows of a batch whose attention_mask is 0 mean nothing.</summary>
    private static bool[]? ValidRows(TraceFile expected, TraceTensor wanted)
    {
        TraceTensor? mask = expected.Find("attention_mask");
        return mask?.Ids != null && mask.Ids.Length == wanted.Elements / Math.Max(1, wanted.RowLength) ? [.. mask.Ids.Select(value => value != 0)] : null;
    }

    [GeneratedRegex(@"^(pixel_values(_images|_videos)?|input_ids|(image|video)_tower\.(frame0\.)?hidden_states\.\d+|(image|video)_(features|projected)|inputs_embeds|llm\.layer_output\.\d+|llm\.final_norm|logits|greedy_ids)$")]
    private static partial Regex Writable();
}
