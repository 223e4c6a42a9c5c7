using System.Security.Cryptography;
using System.Text.Json;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Weights.Gguf;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Weights.Gguf;

public sealed class GgufFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Keys with their types and values, tensors with their places and bytes: as the reference's own reader lists them.</summary>
    [Theory]
    [InlineData("tiny_llama/tiny-llama-f16")]
    [InlineData("tiny_llama/tiny-llama-q4_0")]
    [InlineData("tiny_llama/tiny-llama-q4_k_m")]
    [InlineData("tiny_llama/tiny-llama-q6_k")]
    [InlineData("tiny_llama/tiny-llama-q8_0")]
    [InlineData("tiny_llama/tiny-lora-f32")]
    [InlineData("mmproj/mmproj-f32")]
    [InlineData("mmproj/mmproj-compat-f16")]
    [InlineData("mmproj/mmproj-legacy-f16")]
    public unsafe void A_file_is_read_as_it_is_described(string name)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Golden.Path($"gguf/{name}.describe.json")));
        using var file = new GgufFile(Golden.Path($"gguf/{name}.gguf"));
        JsonElement described = json.RootElement;
        Assert.Equal(described.GetProperty("version").GetInt32(), file.Version);
        Assert.Equal(described.GetProperty("alignment").GetInt32(), file.Alignment);
        JsonElement[] keys = [.. described.GetProperty("metadata_in_file_order").EnumerateArray()];
        Assert.Equal(keys.Select(key => key.GetProperty("key").GetString()), file.Keys.Names);
        Assert.All(keys, key => SameValue(file.Keys, key));
        JsonElement[] tensors = [.. described.GetProperty("tensors_in_file_order").EnumerateArray()];
        Assert.Equal(tensors.Length, file.Tensors.Count);
        Assert.All(tensors.Zip(file.Tensors), pair =>
        {
            (JsonElement expected, GgufTensor tensor) = pair;
            Assert.Equal(expected.GetProperty("name").GetString(), tensor.Name);
            Assert.Equal(expected.GetProperty("ggml_type").GetString(), tensor.Type.ToString());
            Assert.Equal(expected.GetProperty("dims_ne").EnumerateArray().Select(size => size.GetInt64()), tensor.Sizes);
            string hash = Convert.ToHexStringLower(SHA256.HashData(new ReadOnlySpan<byte>((void*)tensor.Address, (int)tensor.Bytes)));
            Assert.Equal(expected.GetProperty("sha256").GetString(), hash);
        });
    }

    /// <summary>A real vocabulary of 32000 pieces: 22 keys, no tensors, and an end that is no multiple of the alignment.</summary>
    [Fact]
    public void A_file_of_keys_alone_is_read()
    {
        using var file = new GgufFile(Golden.Data("llama_tokenizer/llama.cpp/ggml-vocab-llama-spm.gguf"));
        Assert.Empty(file.Tensors);
        Assert.Equal(22, file.Keys.Names.Count());
        Assert.Equal(32000, file.Keys.Texts("tokenizer.ggml.tokens", 32000)!.Length);
        Assert.Equal(32000, file.Keys.Floats("tokenizer.ggml.scores", 32000)!.Length);
        Assert.Equal(32000, file.Keys.Ints("tokenizer.ggml.token_type", 32000)!.Length);
        Assert.Contains("at most 31999", Assert.Throws<BadInputException>(() => file.Keys.Texts("tokenizer.ggml.tokens", 31999)).Message);
    }

    [Fact]
    public void Every_beginning_of_a_valid_file_is_refused()
    {
        byte[] valid = File.ReadAllBytes(Golden.Path("gguf/malformed/valid.gguf"));
        using (var file = new GgufFile(folder.File("x.gguf", valid)))
        {
            Assert.Equal([StorageType.F32, StorageType.F16, StorageType.Q8_0], file.Tensors.Select(tensor => tensor.Type));
        }
        long last = 0;
        using (var file = new GgufFile(folder.File("x.gguf", valid))) last = file.Tensors.Max(tensor => tensor.Offset + tensor.Bytes);
        for (int length = 0; length < last; length++)
        {
            string path = folder.File("cut.gguf", valid[..length]);
            string message = Assert.Throws<BadInputException>(() => new GgufFile(path).Dispose()).Message;
            Assert.StartsWith(path, message);
        }
    }

    [Fact]
    public void What_follows_the_last_tensor_is_refused()
    {
        byte[] valid = File.ReadAllBytes(Golden.Path("gguf/malformed/valid.gguf"));
        string path = folder.File("x.gguf", [.. valid, .. new byte[32]]);
        Assert.Contains("after the last tensor", Assert.Throws<BadInputException>(() => new GgufFile(path)).Message);
    }

    private static void SameValue(GgufKeys keys, JsonElement expected)
    {
        string key = expected.GetProperty("key").GetString()!;
        JsonElement value = expected.TryGetProperty("value", out JsonElement whole) ? whole : default;
        string type = expected.GetProperty("type")[0].GetString()!;
        Assert.Equal(type, keys.TypeOf(key).ToString().ToUpperInvariant());
        switch (type)
        {
            case "STRING": Assert.Equal(value.GetString(), keys.Text(key)); break;
            case "BOOL": Assert.Equal(value.GetBoolean(), keys.Flag(key)); break;
            case "FLOAT32": Assert.Equal(value.GetDouble(), keys.Float(key)); break;
            case "ARRAY": SameArray(keys, key, expected); break;
            default: Assert.Equal(value.GetInt32(), keys.Int(key)); break;
        }
    }

    private static void SameArray(GgufKeys keys, string key, JsonElement expected)
    {
        bool isWhole = expected.TryGetProperty("value", out JsonElement items);
        if (!isWhole) items = expected.GetProperty("first_items");
        long count = isWhole ? items.GetArrayLength() : expected.GetProperty("length").GetInt64();
        Assert.Equal(count, keys.Length(key));
        IEnumerable<string> got = expected.GetProperty("type")[1].GetString() switch
        {
            "STRING" => keys.Texts(key, 1 << 20)!,
            "FLOAT32" => keys.Floats(key, 1 << 20)!.Select(number => number.ToString("R")),
            _ => keys.Ints(key, 1 << 20)!.Select(number => number.ToString()),
        };
        Assert.Equal(items.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()
            : expected.GetProperty("type")[1].GetString() == "FLOAT32" ? item.GetSingle().ToString("R") : item.GetRawText()),
            got.Take(items.GetArrayLength()));
    }
}
