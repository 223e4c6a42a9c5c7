using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Trainer;

/// <summary>A log of a run, one JSON object a line; a resumed run drops what came after its checkpoint.</summary>
internal sealed class TrainingLog<T> : IDisposable where T : class
{
    private readonly JsonTypeInfo<T> form;
    private readonly List<T> entries;
    private readonly StreamWriter writer;

    /// <param name="from">Steps that are done.</param>
    /// <param name="stepOf">Steps done when the entry was made.</param>
    /// <exception cref="BadInputException">The file cannot be written.</exception>
    public TrainingLog(string path, int from, JsonTypeInfo<T> form, Func<T, int> stepOf)
    {
        this.form = form;
        entries = from > 0 && File.Exists(path) ? [.. File.ReadLines(path).Select(Read).OfType<T>().Where(entry => stepOf(entry) <= from)]
            : [];
        using (var file = new OutputFile(path, []))
        {
            using (var lines = new StreamWriter(file.Stream, leaveOpen: true))
            {
                foreach (T entry in entries) lines.WriteLine(JsonSerializer.Serialize(entry, form));
            }
            file.Complete();
        }
        writer = new StreamWriter(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read)) { AutoFlush = true };
    }

    public IReadOnlyList<T> Entries => entries;

    public void Write(T entry)
    {
        entries.Add(entry);
        writer.WriteLine(JsonSerializer.Serialize(entry, form));
    }

    public void Dispose() => writer.Dispose();

    /// <summary>Null for a line that a kill has cut off.</summary>
    private T? Read(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, form);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
