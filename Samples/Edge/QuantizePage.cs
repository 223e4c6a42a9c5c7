using System.Net;
using System.Text;
using EdgeVideoLlava.Quantizer.Conversion;

namespace EdgeVideoLlava.Edge;

/// <summary>What each tensor lost in a conversion, on one page of HTML that needs nothing beside it.</summary>
internal sealed class QuantizePage(QuantizerReport report)
{
    private const int BarWidth = 80, MostOpen = 40;

    private const string Style = """
        :root{color-scheme:light dark;--text:#1f2328;--faint:#656d76;--line:#d0d7de;--page:#fff;--mark:#1f6f9f}
        @media(prefers-color-scheme:dark){:root{--text:#e6edf3;--faint:#8d96a0;--line:#30363d;--page:#0d1117;--mark:#58a6d6}}
        body{font:15px/1.45 system-ui,sans-serif;max-width:80em;margin:1.5em auto;padding:0 1em;color:var(--text);background:var(--page)}
        h1,h2{line-height:1.2;overflow-wrap:anywhere} h2{margin-top:2em;border-top:1px solid var(--line);padding-top:1em}
        .faint,figcaption{color:var(--faint)} figure{margin:1em 0} figure svg{max-width:100%;height:auto;display:block}
        svg text{font:12px system-ui,sans-serif;fill:var(--text)} svg .cell{fill:var(--mark)} svg .none{fill:none;stroke:var(--line)}
        .scroll{overflow-x:auto} table{border-collapse:collapse;font-variant-numeric:tabular-nums}
        td,th{padding:2px 8px;text-align:right;white-space:nowrap;font-weight:normal} thead th{color:var(--faint)}
        tbody tr{border-top:1px solid var(--line)} td:first-child,th:first-child{text-align:left;padding-left:0}
        .facts td,.facts th{text-align:left;white-space:normal}
        .bar{display:inline-block;height:9px;background:var(--mark)} td.bars{text-align:left;padding:0}
        summary{cursor:pointer;margin:.7em 0} @media(max-width:46em){.wide{display:none} td,th{padding:2px 6px}}
        """;

    public string Html()
    {
        string title = $"{Path.GetFileName(report.Model.TrimEnd('/'))} as {report.Type}";
        var page = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
            + "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
            + $"<title>{Text(title)}</title>\n<style>\n{Style}\n</style></head><body>\n<h1>{Text(title)}</h1>\n");
        Facts(page);
        foreach (WrittenFile file in report.Files) File(page, file);
        return page.Append("</body></html>\n").ToString();
    }

    private void Facts(StringBuilder page)
    {
        long numbers = report.Files.SelectMany(file => file.Tensors).Sum(Numbers);
        page.Append("<table class=\"facts\"><tbody>\n");
        Row("before", QuantizeText.Size(report.SourceBytes));
        Row("now", FormattableString.Invariant($"{QuantizeText.Size(report.Bytes)}, {8.0 * report.Bytes / numbers:0.00} bits a number"));
        OutputReport[] outputs = [.. report.Files.SelectMany(file => file.Tensors).Select(tensor => tensor.Outputs).OfType<OutputReport>()];
        if (outputs.Length > 0)
        {
            Row("outputs on calibration data", $"change by {Percent(outputs.Average(one => one.RelativeError))} on average, "
                + $"{Percent(outputs.Max(one => one.RelativeError))} at most");
        }
        foreach (string notice in report.Notices) Row("notice", notice);
        page.Append("</tbody></table>\n<p class=\"faint\">The error is the root mean square of what a tensor lost, over that of its "
            + "numbers. The worst block is the same of its worst 32 neighbours. Cosines are those of the angle between before and "
            + "after.</p>\n");

        void Row(string name, string value) => page.Append($"<tr><th class=\"faint\">{name}</th><td>{Text(value)}</td></tr>\n");
    }

    private static void File(StringBuilder page, WrittenFile file)
    {
        page.Append($"<h2>{Text(file.Name)}</h2>\n<p>{Text(file.Part)}, {QuantizeText.Size(file.Bytes)}: {QuantizeText.Types(file)}</p>\n");
        page.Append(ErrorMap.Svg("error of each matrix", file.Tensors, tensor => tensor.RelativeError));
        page.Append(ErrorMap.Svg("change of its outputs on calibration data", file.Tensors, tensor => tensor.Outputs?.RelativeError));
        WrittenTensor[] changed = [.. file.Tensors.Where(tensor => tensor.RelativeError > 0)];
        if (changed.Length > 0)
        {
            page.Append($"<details{(changed.Length > MostOpen ? "" : " open")}><summary>{Count(changed.Length)} changed</summary>\n");
            Table(page, changed);
        }
        WrittenTensor[] kept = [.. file.Tensors.Where(tensor => !(tensor.RelativeError > 0))];
        if (kept.Length == 0) return;
        page.Append($"<details><summary>{Count(kept.Length)} kept without loss</summary>\n<p class=\"faint\">"
            + $"{string.Join(", ", kept.Select(tensor => $"{Text(tensor.Name)} {tensor.Type}"))}</p></details>\n");
    }

    private static void Table(StringBuilder page, WrittenTensor[] tensors)
    {
        bool withOutputs = tensors.Any(tensor => tensor.Outputs != null);
        double largest = tensors.Max(tensor => tensor.RelativeError!.Value);
        page.Append("<div class=\"scroll\"><table><thead>");
        if (withOutputs) page.Append("<tr><th colspan=\"8\"></th><th colspan=\"4\">outputs on calibration data</th></tr>\n");
        page.Append("<tr><th>tensor</th><th class=\"wide\">shape</th><th>type</th><th class=\"wide\">size</th><th>error</th>"
            + "<th class=\"wide\"></th><th>worst block</th><th>cosine</th>");
        if (withOutputs) page.Append("<th>error</th><th class=\"wide\">other way</th><th>cosine</th><th class=\"wide\">rounding</th>");
        page.Append("</tr></thead><tbody>\n");
        foreach (WrittenTensor tensor in tensors)
        {
            double error = tensor.RelativeError!.Value;
            Add($"<tr><td>{Text(tensor.Name)}</td><td class=\"wide\">{string.Join(" × ", tensor.Shape)}</td>");
            Add($"<td>{tensor.From} → {tensor.Type}</td><td class=\"wide\">{QuantizeText.Size(tensor.Bytes)}</td>");
            Add($"<td>{Percent(error)}</td>");
            Add($"<td class=\"bars wide\"><span class=\"bar\" style=\"width:{BarWidth * error / largest:0}px\"></span></td>");
            Add($"<td>{Percent(tensor.WorstBlock!.Value)}</td><td>{tensor.Cosine:0.000000}</td>");
            if (withOutputs) page.Append(Outputs(tensor.Outputs));
            Add($"</tr>\n");
        }
        page.Append("</tbody></table></div></details>\n");

        void Add(FormattableString text) => page.Append(FormattableString.Invariant(text));
    }

    private static string Outputs(OutputReport? outputs)
    {
        if (outputs == null) return "<td></td><td class=\"wide\"></td><td></td><td class=\"wide\"></td>";
        string other = outputs.OtherError is { } error ? Percent(error) : "";
        return FormattableString.Invariant($"<td>{Percent(outputs.RelativeError)}</td><td class=\"wide\">{other}</td>")
            + FormattableString.Invariant($"<td>{outputs.Cosine:0.000000}</td><td class=\"wide\">{outputs.Rounding}</td>");
    }

    /// <summary>With three digits that count.</summary>
    public static string Percent(double share) => (100 * share) switch
    {
        0 => "0 %",
        >= 10 and double large => FormattableString.Invariant($"{large:0.0} %"),
        >= 1 and double middle => FormattableString.Invariant($"{middle:0.00} %"),
        >= 0.001 and double small => FormattableString.Invariant($"{small:0.0000} %"),
        double tiny => FormattableString.Invariant($"{tiny:0.0e0} %"),
    };

    private static string Count(int tensors) => tensors == 1 ? "1 tensor" : $"{tensors} tensors";

    private static long Numbers(WrittenTensor tensor) => tensor.Shape.Aggregate(1L, (product, size) => product * size);

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
