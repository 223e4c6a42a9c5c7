using System.Text;
using System.Text.Json;
using EdgeVideoLlava.Edge.Commands;
using EdgeVideoLlava.Quantizer.Conversion;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Edge;

/// <summary>What each tensor lost in a conversion, as JSON or as a page.</summary>
internal static class QuantizeReportFile
{
    public static bool IsKnown(string path) => IsJson(path) || Path.GetExtension(path).Equals(".html", StringComparison.OrdinalIgnoreCase);

    public static void Write(string path, QuantizerReport report, IEnumerable<string> inputs)
    {
        string text = IsJson(path) ? JsonSerializer.Serialize(report, QuantizeJson.Default.QuantizerReport)
            : new QuantizePage(report).Html();
        using var file = new OutputFile(path, inputs);
        file.Stream.Write(Encoding.UTF8.GetBytes(text));
        file.Complete();
    }

    private static bool IsJson(string path) => Path.GetExtension(path).Equals(".json", StringComparison.OrdinalIgnoreCase);
}
