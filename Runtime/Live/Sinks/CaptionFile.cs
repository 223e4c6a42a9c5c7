using System.Text;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Runtime.Live.Sinks;

/// <summary>Captions as a text file that appears under its name when it is complete (<see cref="OutputFile"/>).</summary>
public sealed class CaptionFile : IDisposable
{
    private readonly OutputFile file;

    /// <summary>What is written here becomes the file; UTF-8 without byte order mark.</summary>
    public TextWriter Writer { get; }

    /// <inheritdoc cref="OutputFile(string, IEnumerable{string})"/>
    public CaptionFile(string path, IEnumerable<string> inputs)
    {
        file = new OutputFile(path, inputs);
        Writer = new StreamWriter(file.Stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            leaveOpen: true)
        { NewLine = "\n" };
    }

    /// <summary>Closes the file and gives it its name.</summary>
    public void Complete()
    {
        Writer.Dispose();
        file.Complete();
    }

    /// <summary>Without <see cref="Complete"/>: what was there before stays.</summary>
    public void Dispose() => file.Dispose();
}
