using System.Text;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Runtime.Live.Sinks;

/// <summary>Captions as a text file that appears under its name when it is complete (<see cref="OutputFile"/>).</summary>
public sealed class CaptionFile : IDisposable
{
    private readonly OutputFile file;

    /// <summary>What is written here becomes the file; UTF-8 without byte order mark.</summary>
    public TextWriter Writer { get; }

    /// <exception cref="BadInputException">Nothing can be written at this path.</exception>
    public CaptionFile(string path)
    {
        file = new OutputFile(path);
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
