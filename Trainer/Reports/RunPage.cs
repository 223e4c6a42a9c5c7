using System.Globalization;
using System.Net;
using System.Text;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Trainer.Reports;

/// <summary>A run on one page of HTML that needs nothing beside it: curves, and answers beside those that are written.</summary>
internal sealed class RunPage(string path, Recipe recipe, IReadOnlyList<StepReport> steps,
    IReadOnlyList<ValidationReport> validations)
{
    private const string Style = """
        body{font:15px/1.45 system-ui,sans-serif;max-width:82em;margin:1.5em auto;padding:0 1em;color:#222}
        table{border-collapse:collapse;margin:.5em 0 1.5em}
        td,th{border:1px solid #ccc;padding:.3em .7em;text-align:left;vertical-align:top}
        .curves{display:flex;flex-wrap:wrap;gap:1em} .curves svg{border:1px solid #ddd;max-width:100%;height:auto}
        .same{background:#e8f6e8}
        """;

    /// <param name="isOver">Else a browser loads it anew every ten seconds.</param>
    /// <exception cref="BadInputException">It cannot be written.</exception>
    public void Write(bool isOver)
    {
        using var file = new OutputFile(path, []);
        file.Stream.Write(Encoding.UTF8.GetBytes(Html(isOver)));
        file.Complete();
    }

    private string Html(bool isOver)
    {
        var page = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
        if (!isOver) page.Append("<meta http-equiv=\"refresh\" content=\"10\">");
        string title = $"{recipe.Stage} of {Path.GetFileName(recipe.Model.TrimEnd('/'))}";
        page.Append($"<title>{Text(title)}</title><style>{Style}</style></head><body>\n<h1>{Text(title)}</h1>\n");
        Facts(page, isOver);
        page.Append("<div class=\"curves\">\n");
        page.Append(CurvePlot.Svg("loss", Of("training", step => step.Loss),
            new Curve("validation", [.. validations.Select(report => ((double)report.Step, report.Loss))])));
        page.Append(CurvePlot.Svg("learning rate", Of("rate", step => step.LearningRate)));
        page.Append(CurvePlot.Svg("loss scale", Of("scale", step => step.LossScale)));
        page.Append(CurvePlot.Svg("tokens per second", Of("tokens/s", step => step.TokensPerSecond)));
        page.Append("\n</div>\n");
        Answers(page);
        return page.Append("</body></html>\n").ToString();
    }

    private void Facts(StringBuilder page, bool isOver)
    {
        if (steps.Count == 0) return;
        StepReport last = steps[^1];
        page.Append("<table>");
        Row(page, "state", isOver ? "ended" : "running");
        Row(page, "step", $"{last.Step} of {last.Steps}");
        Row(page, "loss", last.Loss.ToString("F4", CultureInfo.InvariantCulture));
        Row(page, "steps not taken", $"{steps.Count(step => step.GradientNorm == null)}");
        Row(page, "samples skipped", $"{last.SkippedSamples}");
        if (validations.LastOrDefault(report => report.IsBest) is { } best)
            Row(page, "best validation loss", FormattableString.Invariant($"{best.Loss:F4} at step {best.Step}"));
        page.Append("</table>\n");
    }

    private void Answers(StringBuilder page)
    {
        if (validations.LastOrDefault() is not { Answers.Count: > 0 } last) return;
        page.Append($"<h2>Answers after step {last.Step}</h2>\n<table><tr><th>question</th><th>written</th><th>answered</th></tr>\n");
        foreach (ValidationAnswer answer in last.Answers)
        {
            string mark = answer.Answer == answer.Expected ? " class=\"same\"" : "";
            page.Append($"<tr><td title=\"{Text(answer.Sample)}\">{Text(answer.Question)}</td><td>{Text(answer.Expected)}</td>"
                + $"<td{mark}>{Text(answer.Answer)}</td></tr>\n");
        }
        page.Append("</table>\n");
    }

    private Curve Of(string name, Func<StepReport, double> value)
        => new(name, [.. steps.Select(step => ((double)step.Step, value(step)))]);

    private static void Row(StringBuilder page, string name, string value)
        => page.Append($"<tr><th>{Text(name)}</th><td>{Text(value)}</td></tr>");

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
