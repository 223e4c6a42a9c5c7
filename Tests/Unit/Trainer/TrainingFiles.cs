using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Trainer;

/// <summary>A data file of four pictures and four clips, each with a question and an answer, in a folder of its own.</summary>
internal sealed class TrainingFiles : IDisposable
{
    private const int Side = 32, Frames = 8;

    private readonly TemporaryFolder folder = new();
    private readonly List<object> samples = [];

    public TrainingFiles()
    {
        Picture("red", 220, 20, 20);
        Picture("green", 20, 200, 20);
        Picture("blue", 20, 20, 220);
        Picture("white", 240, 240, 240);
        Clip("brighter", i => (20 + 25 * i, 128, 128));
        Clip("darker", i => (220 - 25 * i, 128, 128));
        Clip("redder", i => (100, 128, 128 + 14 * i));
        Clip("bluer", i => (100, 128 + 14 * i, 128));
        Data = folder.File("data.json", JsonSerializer.SerializeToUtf8Bytes(samples));
        // An adapter's model is looked for beside the adapter.
        Model = Path.Combine(folder.Path, "base");
        Directory.CreateSymbolicLink(Model, Golden.Path("original-tiny/checkpoint"));
    }

    public string Data { get; }

    public string Model { get; }

    public List<(string File, string Question, string Answer)> Asked { get; } = [];

    public string Of(string name) => Path.Combine(folder.Path, name);

    public string Write(string name, string text) => folder.File(name, Encoding.UTF8.GetBytes(text));

    public void Dispose() => folder.Dispose();

    private void Picture(string name, byte red, byte green, byte blue)
    {
        var file = new byte[54 + 3 * Side * Side];
        "BM"u8.CopyTo(file);
        int[] header = [file.Length, 0, 54, 40, Side, Side, 1 | 24 << 16];
        for (int i = 0; i < header.Length; i++) BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(2 + 4 * i), header[i]);
        for (int i = 54; i < file.Length; i += 3) (file[i], file[i + 1], file[i + 2]) = (blue, green, red);
        Add("image", $"{name}.bmp", file, "What colour is it?", $"It is {name}.");
    }

    private void Clip(string name, Func<int, (int Y, int U, int V)> frame)
    {
        using var file = new MemoryStream();
        file.Write(Encoding.ASCII.GetBytes($"YUV4MPEG2 W{Side} H{Side} F8:1 Ip A1:1 C420jpeg\n"));
        for (int i = 0; i < Frames; i++)
        {
            (int y, int u, int v) = frame(i);
            file.Write("FRAME\n"u8);
            file.Write([.. Enumerable.Repeat((byte)y, Side * Side)]);
            file.Write([.. Enumerable.Repeat((byte)u, Side * Side / 4), .. Enumerable.Repeat((byte)v, Side * Side / 4)]);
        }
        Add("video", $"{name}.y4m", file.ToArray(), "What happens?", $"It gets {name}.");
    }

    private void Add(string kind, string name, byte[] content, string question, string answer)
    {
        Asked.Add((folder.File(name, content), question, answer));
        samples.Add(new Dictionary<string, object>
        {
            [kind] = name,
            ["conversations"] = new object[]
            {
                new { from = "human", value = $"<{kind}>\n{question}" }, new { from = "gpt", value = answer },
            },
        });
    }
}
