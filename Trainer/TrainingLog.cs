using System.Text.Json;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Trainer;

/// <summary>The log of a run, one JSON object a step; a resumed run drops what came after its checkpoint.</summary>
internal sealed class TrainingLog : IDisposable
{
    private readonly StreamWriter writer;

    /// <param name="from">Steps that are done.</param>
    /// <exception cref="BadInputException">The file cannot be written.</exception>
    public TrainingLog(string path, int from)
    {
        string[] kept = from > 0 && File.Exists(path) ? [.. File.ReadLines(path).Where(line => StepOf(line) <= from)] : [];
        using (var file = new OutputFile(path, []))
        {
            using (var lines = new StreamWriter(file.Stream, leaveOpen: true))
            {
                foreach (string line in kept) lines.WriteLine(line);
            }
            file.Complete();
        }
        writer = new StreamWriter(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read)) { AutoFlush = true };
    }

    public void Write(StepReport report) => writer.WriteLine(JsonSerializer.Serialize(report, StepJson.Default.StepReport));

    public void Dispose() => writer.Dispose();

    private static int StepOf(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, StepJson.Default.StepReport)?.Step ?? int.MaxValue;
        }
        catch (JsonException)
        {
            return int.MaxValue; // cut off by a kill
        }
    }
}
