using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace EdgeVideoLlava.Tests.EndToEnd;

/// <summary>Tensors are converted piece by piece: memory of the program's own does not depend on the model.</summary>
public sealed class QuantizerMemoryTests : IDisposable
{
    private const int Hidden = 2048, FeedForward = 5632, Layers = 2, Words = 512;
    private const long Ceiling = 64 << 10; // KiB

    private readonly string folder = Directory.CreateTempSubdirectory("edge-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_model_of_200_MB_takes_less_than_64_MB()
    {
        string model = Path.Combine(folder, "model");
        Assert.InRange(WriteModel(model), 200_000_000, 250_000_000);
        using Process process = await EdgeProcess.Start(new EdgeRun
        {
            Arguments = ["quantize", model, "-o", Path.Combine(folder, "out.gguf"), "--type", "q4_k_m"],
        });
        long peak = 0;
        for (Task end = process.WaitForExitAsync(TestContext.Current.CancellationToken); !end.IsCompleted;
            await Task.WhenAny(end, Task.Delay(20, TestContext.Current.CancellationToken)))
            peak = Math.Max(peak, OwnMemory(process.Id));
        Assert.Equal(0, process.ExitCode);
        Assert.InRange(peak, 1, Ceiling);
    }

    /// <summary>KiB of memory that no file is behind.</summary>
    private static long OwnMemory(int process)
    {
        try
        {
            string? line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith("RssAnon:"));
            return line == null ? 0 : long.Parse(line["RssAnon:".Length..].Replace("kB", "").Trim());
        }
        catch (IOException)
        {
            return 0; // it has ended
        }
    }

    /// <summary>A LLaMA of zeros, which take no room on the disk.</summary>
    /// <returns>Bytes of its weights.</returns>
    private static long WriteModel(string model)
    {
        Directory.CreateDirectory(model);
        string tiny = ReferenceFiles.Golden("gguf/tiny_llama/hf/tiny-llama");
        File.Copy(Path.Combine(tiny, "tokenizer.model"), Path.Combine(model, "tokenizer.model"));
        File.WriteAllText(Path.Combine(model, "config.json"), """{ "num_attention_heads": 16, "max_position_embeddings": 4096 }""");
        var tensors = new List<(string Name, long[] Shape)>
        {
            ("model.embed_tokens.weight", [Words, Hidden]), ("lm_head.weight", [Words, Hidden]), ("model.norm.weight", [Hidden]),
        };
        for (int layer = 0; layer < Layers; layer++)
        {
            tensors.AddRange(new[] { "q", "k", "v", "o" }.Select(name => ($"model.layers.{layer}.self_attn.{name}_proj.weight",
                new long[] { Hidden, Hidden })));
            tensors.AddRange(new[] { "gate", "up" }.Select(name => ($"model.layers.{layer}.mlp.{name}_proj.weight",
                new long[] { FeedForward, Hidden })));
            tensors.Add(($"model.layers.{layer}.mlp.down_proj.weight", [Hidden, FeedForward]));
            tensors.AddRange(new[] { "input", "post_attention" }.Select(name => ($"model.layers.{layer}.{name}_layernorm.weight",
                new long[] { Hidden })));
        }
        long offset = 0;
        var header = new Dictionary<string, object>();
        foreach ((string name, long[] shape) in tensors)
        {
            long bytes = sizeof(ushort) * shape.Aggregate(1L, (product, size) => product * size);
            header.Add(name, new { dtype = "F16", shape, data_offsets = new[] { offset, offset + bytes } });
            offset += bytes;
        }
        byte[] json = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(header));
        using FileStream file = File.Create(Path.Combine(model, "model.safetensors"));
        file.Write(BitConverter.GetBytes((long)json.Length));
        file.Write(json);
        file.SetLength(file.Position + offset);
        return offset;
    }
}
