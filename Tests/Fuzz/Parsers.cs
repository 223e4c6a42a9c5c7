using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Quantizer.Calibration;
using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Video.Decoders;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Runtime.Weights.Gguf;

namespace EdgeVideoLlava.Tests.Fuzz;

/// <summary>A reader of files that strangers make.</summary>
/// <param name="File">Name of the file in a folder of its own.</param>
/// <param name="Read">Reads the folder's file.</param>
/// <param name="Beside">A folder of the repository whose other files lie beside it.</param>
internal sealed record Parser(string File, Action<string> Read, string? Beside = null);

internal static class Parsers
{
    public static IReadOnlyDictionary<string, Parser> All { get; } = new Dictionary<string, Parser>
    {
        ["safetensors"] = new("f.safetensors", path => { using var file = new SafeTensors(path); Touch(file.Tensors.Values); }),
        ["torch"] = new("f.bin", path => { using var file = new TorchTensors(path); Touch(file.Tensors.Values); }),
        ["gguf"] = new("f.gguf", ReadGguf),
        ["sentencepiece"] = new("tokenizer.model", path => Encode(Path.GetDirectoryName(path)!)),
        ["tokenizer-json"] = new("tokenizer.json", path => Encode(Path.GetDirectoryName(path)!),
            "Tests/Fuzz/beside/tokenizer-json"),
        ["config"] = new("config.json", ReadConfig, "Tests/Fuzz/beside/config"),
        ["config-hf"] = new("config.json", ReadConfig, "Tests/Fuzz/beside/config-hf"),
        ["imatrix"] = new("f.dat", path => ImportanceMatrix.Read(path)),
        ["y4m"] = new("f.y4m", ReadClip),
    };

    private static void ReadGguf(string path)
    {
        using (var tensors = new GgufTensors(path)) Touch(tensors.Tensors.Values);
        using (var file = new GgufFile(path))
        {
            if (!file.Keys.Has("tokenizer.ggml.model")) return;
        }
        Encode(path);
    }

    private static void Encode(string path)
    {
        TextTokenizer tokenizer = TextTokenizer.Load(path);
        tokenizer.Decode(tokenizer.Encode("hello <end> world 12"));
    }

    private static void ReadConfig(string path)
    {
        using var checkpoint = new Checkpoint(Path.GetDirectoryName(path)!);
        new ModelTensors(ConfigReader.Read(checkpoint)).Check(checkpoint);
    }

    private static void ReadClip(string path)
    {
        using var clip = new Y4mVideo(path, new ClipOptions());
        foreach (Frame frame in clip.Read([0, clip.Index.Times.Count - 1], CancellationToken.None)) _ = frame.Width;
    }

    private static void Touch(IEnumerable<HostTensor> tensors)
    {
        foreach (HostTensor tensor in tensors)
        {
            if (tensor.Type is StorageType.F32 or StorageType.F16 or StorageType.BF16) tensor.ToFloats();
            else tensor.BytesEqual(tensor);
        }
    }
}
