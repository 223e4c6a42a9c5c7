using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using EdgeVideoLlava.Edge.Commands;
using EdgeVideoLlava.Quantizer.Conversion;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Edge;

/// <summary>What each tensor lost in a conversion, as JSON or as a page that needs nothing else.</summary>
internal static class QuantizeReportFile
{
    private const int BarWidth = 260;

    public static bool IsKnown(string path) => Path.GetExtension(path).ToLowerInvariant() is ".html" or ".json";

    public static void Write(string path, QuantizerReport report, IEnumerable<string> inputs)
    {
        string text = Path.GetExtension(path).Equals(".json", StringComparison.OrdinalIgnoreCase)
            ? JsonSerializer.Serialize(report, QuantizeJson.Default.QuantizerReport) : Html(report);
        using var file = new OutputFile(path, inputs);
        file.Stream.Write(Encoding.UTF8.GetBytes(text));
        file.Complete();
    }

    private static string Html(QuantizerReport report)
    {
        double largest = report.Files.SelectMany(file => file.Tensors).Max(tensor => tensor.RelativeError ?? 0);
        var page = new StringBuilder($$"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>{{Text(report.Model)}}, {{Text(report.Type)}}</title>
            <style>
            body { font: 14px/1.4 system-ui, sans-serif; margin: 2em; color: #222; background: #fff }
            table { border-collapse: collapse; margin-bottom: 2em } td, th { padding: 1px 10px; text-align: right; white-space: nowrap }
            td:first-child, th:first-child { text-align: left } thead th { border-bottom: 1px solid #999 }
            svg { vertical-align: middle } rect { fill: #3b76af }
            </style></head><body>
            <h1>{{Text(Path.GetFileName(report.Model))}} as {{Text(report.Type)}}</h1>
            <p>{{QuantizeText.Size(report.SourceBytes)}} before, {{QuantizeText.Size(report.Bytes)}} now. The error is the root mean
            square of what a tensor lost, over that of its numbers; the worst block is the same of its worst 32 neighbours.</p>

            """);
        foreach (WrittenFile file in report.Files)
        {
            page.Append($"<h2>{Text(file.Name)}: {Text(file.Part)}, {QuantizeText.Size(file.Bytes)}</h2>\n"
                + "<table><thead><tr><th>tensor</th><th>shape</th><th>from</th><th>to</th><th>size</th>"
                + "<th>error</th><th></th><th>worst block</th><th>cosine</th></tr></thead><tbody>\n");
            foreach (WrittenTensor tensor in file.Tensors) page.Append(Row(tensor, largest));
            page.Append("</tbody></table>\n");
        }
        foreach (string notice in report.Notices) page.Append($"<p>{Text(notice)}</p>\n");
        return page.Append("</body></html>\n").ToString();
    }

    private static string Row(WrittenTensor tensor, double largest)
    {
        double error = tensor.RelativeError ?? 0;
        int width = largest > 0 ? (int)Math.Round(BarWidth * error / largest) : 0;
        return string.Create(CultureInfo.InvariantCulture, $"<tr><td>{Text(tensor.Name)}</td><td>{string.Join(" × ", tensor.Shape)}</td>"
            + $"<td>{tensor.From}</td><td>{tensor.Type}</td><td>{QuantizeText.Size(tensor.Bytes)}</td><td>{error:0.0000%}</td>"
            + $"<td><svg width=\"{BarWidth}\" height=\"10\"><rect width=\"{width}\" height=\"10\"/></svg></td>"
            + $"<td>{tensor.WorstBlock:0.000%}</td><td>{tensor.Cosine:0.000000}</td></tr>\n");
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
