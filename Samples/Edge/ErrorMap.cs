using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using EdgeVideoLlava.Quantizer.Conversion;

namespace EdgeVideoLlava.Edge;

/// <summary>A picture of one value of each matrix of a file: layers from left to right, kinds of matrices from top to bottom, and below
/// the layers' numbers the matrices that stand in none.</summary>
internal static partial class ErrorMap
{
    private const int LabelWidth = 130, CellHeight = 20, FewLayers = 12, WideCell = 64, NarrowCell = 22, NarrowStep = 4;

    /// <summary>An SVG in a figure; empty where no matrix has such a value.</summary>
    public static string Svg(string caption, IReadOnlyList<WrittenTensor> tensors, Func<WrittenTensor, double?> value)
    {
        Cell[] cells = [.. tensors.Where(tensor => tensor.Shape.Count > 1 && value(tensor) > 0)
            .Select(tensor => Cell.Of(tensor, value(tensor)!.Value))];
        if (cells.Length == 0) return "";
        string[] kinds = [.. Kinds(cells, layered: true), "", .. Kinds(cells, layered: false)];
        int layers = cells.Max(cell => cell.Layer ?? 0) + 1, cellWidth = layers <= FewLayers ? WideCell : NarrowCell;
        int width = LabelWidth + layers * cellWidth + 10, height = kinds.Length * CellHeight, axis = Array.IndexOf(kinds, "");
        double largest = cells.Max(cell => cell.Value);
        var svg = new StringBuilder("<figure>"
            + $"<svg role=\"img\" aria-label=\"{caption}\" viewBox=\"0 0 {width} {height}\" width=\"{width}\">\n");
        foreach ((int row, string kind) in kinds.Index().Where(entry => entry.Item != "")) Label(LabelWidth - 8, row, "end", Short(kind));
        foreach (Cell cell in cells)
        {
            int x = LabelWidth + (cell.Layer ?? 0) * cellWidth, row = Array.IndexOf(kinds, cell.Kind);
            string percent = QuantizePage.Percent(cell.Value);
            string shade = FormattableString.Invariant($"{0.1 + 0.6 * cell.Value / largest:0.00}");
            svg.Append($"<rect class=\"cell\" x=\"{x}\" y=\"{row * CellHeight}\" width=\"{cellWidth - 1}\" height=\"{CellHeight - 1}\" "
                + $"fill-opacity=\"{shade}\"><title>{Text(cell.Tensor.Name)}, {cell.Tensor.Type}: {percent}</title></rect>\n");
            if (cellWidth == WideCell) Label(x + cellWidth / 2, row, "middle", percent);
        }
        for (int layer = 0; axis > 0 && layer < layers; layer += cellWidth == WideCell ? 1 : NarrowStep)
            Label(LabelWidth + layer * cellWidth + cellWidth / 2, axis, "middle", $"{layer}");
        svg.Append($"</svg><figcaption>{caption}, by layers; the strongest is {QuantizePage.Percent(largest)}</figcaption></figure>\n");
        return svg.ToString();

        void Label(int x, int row, string anchor, string text)
            => svg.Append($"<text x=\"{x}\" y=\"{(row + 1) * CellHeight - 6}\" text-anchor=\"{anchor}\">{Text(text)}</text>\n");
    }

    private static IEnumerable<string> Kinds(Cell[] cells, bool layered)
        => cells.Where(cell => cell.Layer != null == layered).Select(cell => cell.Kind).Distinct();

    /// <summary>Of a tensor: its row and column.</summary>
    private sealed record Cell(string Kind, int? Layer, WrittenTensor Tensor, double Value)
    {
        public static Cell Of(WrittenTensor tensor, double value) => Layered().Match(tensor.Name) is { Success: true } place
            ? new Cell(place.Groups[2].Value, int.Parse(place.Groups[1].ValueSpan), tensor, value)
            : new Cell(tensor.Name, null, tensor, value);
    }

    private static string Short(string kind) => kind.EndsWith(".weight", StringComparison.Ordinal) ? kind[..^".weight".Length] : kind;

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    [GeneratedRegex(@"blk\.(\d+)\.(.+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Layered();
}
