using ScottPlot;
using ScottPlot.Plottables;

namespace EdgeVideoLlava.Trainer.Reports;

/// <summary>A curve over the steps.</summary>
internal sealed record Curve(string Name, IReadOnlyList<(double Step, double Value)> Points);

/// <summary>Curves as SVG.</summary>
internal static class CurvePlot
{
    private const int Width = 640, Height = 280, MostPoints = 1000;

    /// <param name="title">Stands above them.</param>
    public static string Svg(string title, params IReadOnlyList<Curve> curves)
    {
        using var plot = new Plot();
        plot.Title(title, 14);
        plot.XLabel("step", 12);
        foreach (Curve curve in curves.Where(curve => curve.Points.Count > 0))
        {
            (double Step, double Value)[] points = [.. Thinned(curve.Points)];
            Scatter line = plot.Add.Scatter(points.Select(point => point.Step).ToArray(), points.Select(point => point.Value).ToArray());
            (line.LineWidth, line.MarkerSize, line.LegendText) = (1.5f, points.Length > 40 ? 0 : 4, curve.Name);
        }
        if (curves.Count > 1) plot.ShowLegend(ScottPlot.Alignment.UpperRight);
        else plot.HideLegend();
        return plot.GetSvgXml(Width, Height);
    }

    /// <summary>As many as can be seen: means of neighbours.</summary>
    private static IEnumerable<(double Step, double Value)> Thinned(IReadOnlyList<(double Step, double Value)> points)
    {
        int each = (points.Count + MostPoints - 1) / MostPoints;
        return points.Where(point => double.IsFinite(point.Value)).Chunk(each)
            .Select(some => (some.Average(point => point.Step), some.Average(point => point.Value)));
    }
}
