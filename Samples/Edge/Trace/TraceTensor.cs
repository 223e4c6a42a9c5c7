namespace EdgeVideoLlava.Edge.Trace;

/// <summary>One tensor of a trace: float32 stages, or ids. Row-major; a row is the last axis.</summary>
public sealed record TraceTensor(long[] Shape, float[]? Floats, long[]? Ids)
{
    public int RowLength => Shape.Length == 0 ? 1 : (int)Shape[^1];
    public int Elements => Floats?.Length ?? Ids!.Length;
    public string ShapeText => $"[{string.Join(", ", Shape)}]";
}
