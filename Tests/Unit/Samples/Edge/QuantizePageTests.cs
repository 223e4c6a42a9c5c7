using System.Xml.Linq;
using EdgeVideoLlava.Edge;
using EdgeVideoLlava.Quantizer.Conversion;
using EdgeVideoLlava.Tests.Unit.Quantizer.Conversion;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Samples.Edge;

/// <summary>The page of a conversion, taken apart as XML: every value in its place, and nothing that is fetched.</summary>
public sealed class QuantizePageTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static WrittenTensor Tensor(string name, double? error, OutputReport? outputs = null, params long[] shape)
        => new(name, "F16", error > 0 ? "Q4_0" : "F32", shape.Length > 0 ? shape : [64, 32], 1152, error, 3 * error, 1 - error)
        { Outputs = outputs };

    private static XElement Page(params WrittenTensor[] tensors)
    {
        var file = new WrittenFile("language & co.gguf", "language model", 1 << 18, null, tensors);
        var report = new QuantizerReport("/models/a<b/", "q4_0", 1 << 20, [file], ["a <notice>"]);
        string html = new QuantizePage(report).Html();
        Assert.DoesNotContain("http", html);
        Assert.DoesNotContain("<script", html);
        return XElement.Parse(html.Replace("<!DOCTYPE html>\n", "").Replace("<meta charset=\"utf-8\">", "")
            .Replace("initial-scale=1\">", "initial-scale=1\"/>").Replace("<details open>", "<details>"));
    }

    private static string[][] Rows(XElement page) => [.. page.Descendants("tbody").Last().Elements("tr")
        .Select(row => row.Elements("td").Select(cell => cell.Value).ToArray())];

    [Fact]
    public void Every_changed_tensor_has_a_row_and_a_cell_as_dark_as_its_error()
    {
        XElement page = Page(Tensor("token_embd.weight", 0.02), Tensor("blk.0.attn_q.weight", 0.08), Tensor("blk.1.attn_q.weight", 0.04),
            Tensor("blk.1.ffn_up.weight", 0.06), Tensor("output_norm.weight", 0, null, 32));
        Assert.Equal("a<b as q4_0", page.Descendants("h1").Single().Value);
        Assert.Equal(
        [
            ["token_embd.weight", "64 × 32", "F16 → Q4_0", "1.1 KiB", "2.00 %", "", "6.00 %", "0.980000"],
            ["blk.0.attn_q.weight", "64 × 32", "F16 → Q4_0", "1.1 KiB", "8.00 %", "", "24.0 %", "0.920000"],
            ["blk.1.attn_q.weight", "64 × 32", "F16 → Q4_0", "1.1 KiB", "4.00 %", "", "12.0 %", "0.960000"],
            ["blk.1.ffn_up.weight", "64 × 32", "F16 → Q4_0", "1.1 KiB", "6.00 %", "", "18.0 %", "0.940000"],
        ], Rows(page));
        XElement[] cells = [.. page.Descendants("rect")];
        Assert.Equal(["0.25", "0.70", "0.40", "0.55"], cells.Select(cell => cell.Attribute("fill-opacity")!.Value));
        Assert.Equal(["token_embd.weight, Q4_0: 2.00 %", "blk.0.attn_q.weight, Q4_0: 8.00 %", "blk.1.attn_q.weight, Q4_0: 4.00 %",
            "blk.1.ffn_up.weight, Q4_0: 6.00 %"], cells.Select(cell => cell.Value));
        string At(int cell, string axis) => cells[cell].Attribute(axis)!.Value;
        Assert.Equal((At(1, "y"), At(0, "x")), (At(2, "y"), At(1, "x")));
        Assert.NotEqual(At(1, "x"), At(2, "x"));
        Assert.Equal(At(2, "x"), At(3, "x"));
        Assert.Equal(["width:20px", "width:80px", "width:40px", "width:60px"],
            page.Descendants("span").Select(bar => bar.Attribute("style")!.Value));
        Assert.Contains("output_norm.weight F32", page.Descendants("details").Last().Value);
        Assert.Contains("a <notice>", page.Value);
        Assert.Single(page.Descendants("svg"));
    }

    [Fact]
    public void What_outputs_lose_has_a_picture_of_its_own()
    {
        XElement page = Page(Tensor("blk.0.attn_q.weight", 0.08, new OutputReport(OutputReport.Compensated, 0.02, 0.05, 0.9998)),
            Tensor("blk.0.ffn_up.weight", 0.09, new OutputReport(OutputReport.Weighted, 0.04, null, 0.9991)),
            Tensor("output.weight", 0.01));
        string[][] rows = Rows(page);
        Assert.Equal(["2.00 %", "5.00 %", "0.999800", "compensated"], rows[0][8..]);
        Assert.Equal(["4.00 %", "", "0.999100", "weighted"], rows[1][8..]);
        Assert.Equal(["", "", "", ""], rows[2][8..]);
        XElement[] pictures = [.. page.Descendants("svg")];
        Assert.Equal([3, 2], pictures.Select(picture => picture.Descendants("rect").Count()));
        Assert.Equal(["0.40", "0.70"], pictures[1].Descendants("rect").Select(cell => cell.Attribute("fill-opacity")!.Value));
        Assert.Contains("change by 3.00 % on average, 4.00 % at most", page.Value);
    }

    /// <summary>Hundreds of tensors are folded; their map has numbers at every fourth layer.</summary>
    [Fact]
    public void Many_tensors_are_folded()
    {
        XElement page = Page([.. Enumerable.Range(0, 48).Select(layer => Tensor($"blk.{layer}.attn_q.weight", 0.01))]);
        Assert.Equal(48, Rows(page).Length);
        Assert.Equal(["attn_q", .. Enumerable.Range(0, 12).Select(i => $"{4 * i}")], page.Descendants("text").Select(text => text.Value));
    }

    [Theory, InlineData(0, "0 %"), InlineData(0.123456, "12.3 %"), InlineData(0.0123456, "1.23 %"), InlineData(0.000123456, "0.0123 %"),
        InlineData(1.23e-7, "1.2e-5 %")]
    public void Shares_have_three_digits(double share, string text) => Assert.Equal(text, QuantizePage.Percent(share));

    [Theory, InlineData("r.html"), InlineData("r.JSON")]
    public void The_name_chooses_the_form(string name)
    {
        QuantizerReport report = ModelQuantizer.Plan(Golden.Path("gguf/tiny_llama/hf/tiny-llama"), ModelQuantizerTests.Options("q4_0"));
        string path = Path.Combine(folder.Path, name);
        QuantizeReportFile.Write(path, report, []);
        Assert.StartsWith(name == "r.html" ? "<!DOCTYPE html>" : "{", File.ReadAllText(path));
    }
}
