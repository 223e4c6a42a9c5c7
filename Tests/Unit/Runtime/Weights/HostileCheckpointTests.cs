using System.Text;
using System.Text.Json.Nodes;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Weights;

/// <summary>Files that somebody broke on purpose: they are refused in one line or they load; nothing else may happen.</summary>
public sealed class HostileCheckpointTests : IDisposable
{
    private const string Placeholder = "the value";

    private static readonly byte[] Meaningful = [.. "{}[]\",:0-9eE.\\\n\u0001"u8];

    private static readonly string[] Values =
    [
        "null", "true", "0", "-1", "1", "3", "2147483647", "-2147483648", "9223372036854775807", "1e999", "-1e999", "0.5", "1e-300",
            "\"\"", "\"x\"", "\"..\"", "\"../../etc\"",
        "\"a\\u0000b\"", "\"\\ud800\"", "[]", "[1]", "{}", "{\"type\":\"default\"}", "{\"rope_theta\":0}", "{\"num_attention_heads\":-1}",
        "\"gelu\"", "\"quick_gelu\"",
    ];

    private readonly TemporaryFolder folder = new();
    private readonly Random random = new(20240817);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_file_cut_at_any_byte_is_refused()
    {
        byte[] valid = SmallFile();
        for (int length = 0; length < valid.Length; length++)
        {
            string path = folder.File("cut.safetensors", valid[..length]);
            OneLine(Assert.Throws<BadInputException>(() => new SafeTensors(path)), path);
        }
    }

    [Fact]
    public void A_file_with_changed_bytes_is_refused_or_read()
    {
        byte[] valid = SmallFile();
        int refused = 0;
        for (int round = 0; round < 3000; round++)
        {
            byte[] bytes = Damage(valid);
            string path = folder.File("changed.safetensors", bytes);
            refused += Try(path, () =>
            {
                using var file = new SafeTensors(path);
                foreach (HostTensor tensor in file.Tensors.Values)
                    _ = tensor.Type is StorageType.F32 or StorageType.F16 or StorageType.BF16 ? tensor.ToFloats().Length : tensor.Bytes;
            });
        }
        Assert.InRange(refused, 1000, 3000);
    }

    [Theory, InlineData("original-tiny/checkpoint"), InlineData("hf-tiny/checkpoint")]
    public void A_config_with_any_value_changed_is_refused_or_read(string model)
    {
        Link(model, "config.json");
        string original = File.ReadAllText(Golden.Path($"{model}/config.json"));
        int refused = 0, tried = 0;
        foreach (string path in Paths(JsonNode.Parse(original)!, ""))
        {
            foreach (string value in Values)
            {
                JsonNode config = JsonNode.Parse(original)!;
                Set(config, path, Placeholder);
                refused += TryConfig(Encoding.UTF8.GetBytes(config.ToJsonString().Replace($"\"{Placeholder}\"", value)));
                tried++;
            }
        }
        for (int round = 0; round < 500; round++) refused += TryConfig(Damage(Encoding.UTF8.GetBytes(original)));
        Assert.InRange(refused, 200, tried + 500);
    }

    [Fact]
    public void An_index_with_changed_bytes_is_refused_or_read()
    {
        const string index = "model.safetensors.index.json";
        Link("original-tiny/checkpoint", index);
        byte[] valid = File.ReadAllBytes(Golden.Path($"original-tiny/checkpoint/{index}"));
        int refused = 0;
        for (int round = 0; round < 400; round++)
        {
            folder.File(index, Damage(valid));
            refused += Try(folder.Path, () => new Checkpoint(folder.Path).Dispose());
        }
        Assert.InRange(refused, 50, 400);
    }

    /// <summary>Reads the config; one that is accepted must also make sense: finite numbers, sizes above zero.</summary>
    private int TryConfig(byte[] config)
    {
        folder.File("config.json", config);
        return Try(folder.Path, () =>
        {
            using var checkpoint = new Checkpoint(folder.Path);
            VideoLlavaConfig read = ConfigReader.Read(checkpoint);
            new ModelTensors(read).Check(checkpoint);
            Assert.True(MemoryNeed.Of(checkpoint, read).Minimum > 0);
            Assert.True(float.IsFinite(read.Language.RmsEpsilon) && read.Language.RmsEpsilon >= 0, $"rms eps {read.Language.RmsEpsilon}");
            Assert.True(double.IsFinite(read.Language.RopeTheta) && read.Language.RopeTheta > 0, $"theta {read.Language.RopeTheta}");
            Assert.True(float.IsFinite(read.ImageTower.LayerNormEpsilon) && read.ImageTower.LayerNormEpsilon >= 0,
                $"ln eps {read.ImageTower.LayerNormEpsilon}");
            Assert.InRange(read.Language.Context, 1, 1 << 20);
            Assert.True(read.ExpandedLimit is null or > 0, $"limit {read.ExpandedLimit}");
            Assert.InRange(read.ImageTower.FeatureLayers, 0, read.ImageTower.Layers);
        });
    }

    private static int Try(string path, Action action)
    {
        try
        {
            action();
            return 0;
        }
        catch (BadInputException e)
        {
            OneLine(e, path);
            return 1;
        }
    }

    private static void OneLine(BadInputException e, string path)
    {
        Assert.StartsWith(path, e.Message);
        Assert.DoesNotContain('\n', e.Message);
        Assert.InRange(e.Message.Length, 10, 1500);
    }

    /// <summary>A few bytes flipped, removed, doubled or replaced by what has a meaning in JSON.</summary>
    private byte[] Damage(byte[] valid)
    {
        var bytes = new List<byte>(valid);
        for (int change = random.Next(1, 4); change > 0; change--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at)); break;
                case 2: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 9), bytes.Count - at))); break;
                default: bytes[at] = Meaningful[random.Next(Meaningful.Length)]; break;
            }
        }
        return [.. bytes];
    }

    private byte[] SmallFile()
    {
        string path = Path.Combine(folder.Path, "valid.safetensors");
        SafeTensorsWriter.Write(path, [new("a.weight", StorageType.F32, [2, 3], stream => stream.Write(new byte[24])),
            new("b", StorageType.BF16, [5], stream => stream.Write(new byte[10])),
            new("ids", StorageType.I64, [1, 2], stream => stream.Write(new byte[16])), new("none", StorageType.F16, [0], _ => { })]);
        return File.ReadAllBytes(path);
    }

    /// <summary>A checkpoint of links, as model hubs keep it, but for one file.</summary>
    private void Link(string model, string but)
    {
        foreach (string file in Directory.GetFiles(Golden.Path(model)).Where(file => Path.GetFileName(file) != but))
            File.CreateSymbolicLink(Path.Combine(folder.Path, Path.GetFileName(file)), file);
    }

    private static IEnumerable<string> Paths(JsonNode node, string prefix) => node is JsonObject entries
        ? entries.SelectMany(entry => entry.Value is JsonObject inner ? Paths(inner, $"{prefix}{entry.Key}/").Append(prefix + entry.Key)
        : [prefix + entry.Key])
            .Concat(prefix.Length == 0 ? ["rope_parameters", "rope_scaling", "rope_theta", "head_dim", "tokenizer_model_max_length",
                "vision_config"] : ["rope_theta", "head_dim", "layer_norm_eps"])
        : [];

    private static void Set(JsonNode node, string path, string value)
    {
        string[] steps = path.Split('/');
        foreach (string step in steps[..^1]) node = node[step]!;
        node[steps[^1]] = value;
    }
}
