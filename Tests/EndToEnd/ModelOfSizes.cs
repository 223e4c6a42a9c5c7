using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace EdgeVideoLlava.Tests.EndToEnd;

/// <summary>A LLaMA of F16 weights that nobody trained, of any size.</summary>
internal sealed record ModelOfSizes(int Hidden, int FeedForward, int Layers, int Words)
{
    private const int HeadSize = 128, Piece = 1 << 20;

    /// <summary>Bytes of the weights that loading joins, and so copies: queries, keys and values, gate and up.</summary>
    public long JoinedBytes => (long)sizeof(ushort) * Layers * Hidden * (3 * Hidden + 2 * FeedForward);

    private IEnumerable<(string Name, long[] Shape)> Tensors
    {
        get
        {
            foreach (string name in new[] { "model.embed_tokens", "lm_head" }) yield return ($"{name}.weight", [Words, Hidden]);
            yield return ("model.norm.weight", [Hidden]);
            for (int layer = 0; layer < Layers; layer++)
            {
                string prefix = $"model.layers.{layer}.";
                foreach (string name in new[] { "q", "k", "v", "o" })
                    yield return ($"{prefix}self_attn.{name}_proj.weight", [Hidden, Hidden]);
                foreach (string name in new[] { "gate", "up" }) yield return ($"{prefix}mlp.{name}_proj.weight", [FeedForward, Hidden]);
                yield return ($"{prefix}mlp.down_proj.weight", [Hidden, FeedForward]);
                foreach (string name in new[] { "input", "post_attention" }) yield return ($"{prefix}{name}_layernorm.weight", [Hidden]);
            }
        }
    }

    /// <param name="seed">Of normally distributed weights; null: zeros, which take no room on the disk.</param>
    /// <returns>Bytes of the weights.</returns>
    public long Write(string folder, int? seed)
    {
        Directory.CreateDirectory(folder);
        string tiny = ReferenceFiles.Golden("gguf/tiny_llama/hf/tiny-llama");
        File.Copy(Path.Combine(tiny, "tokenizer.model"), Path.Combine(folder, "tokenizer.model"));
        File.WriteAllText(Path.Combine(folder, "config.json"),
            $"{{ \"num_attention_heads\": {Hidden / HeadSize}, \"max_position_embeddings\": 4096 }}");
        long offset = 0;
        var header = new Dictionary<string, object>();
        foreach ((string name, long[] shape) in Tensors)
        {
            long bytes = sizeof(ushort) * shape.Aggregate(1L, (product, size) => product * size);
            header.Add(name, new { dtype = "F16", shape, data_offsets = new[] { offset, offset + bytes } });
            offset += bytes;
        }
        byte[] json = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(header));
        using FileStream file = File.Create(Path.Combine(folder, "model.safetensors"));
        file.Write(BitConverter.GetBytes((long)json.Length));
        file.Write(json);
        if (seed is { } first) WriteNumbers(file, offset / sizeof(ushort), first);
        else file.SetLength(file.Position + offset);
        return offset;
    }

    /// <summary>llama.cpp's old form: name, calls, and the sums of each column's squares.</summary>
    public void WriteImportance(string path)
    {
        using var file = new BinaryWriter(File.Create(path));
        (string Name, int Columns)[] entries =
        [
            .. from layer in Enumerable.Range(0, Layers)
               from name in new[] { "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down" }
               select ($"blk.{layer}.{name}.weight", name == "ffn_down" ? FeedForward : Hidden),
        ];
        var random = new Random(11);
        file.Write(entries.Length);
        foreach ((string name, int columns) in entries)
        {
            file.Write(name.Length);
            file.Write(Encoding.ASCII.GetBytes(name));
            file.Write(1);
            file.Write(columns);
            for (int i = 0; i < columns; i++) file.Write((float)Math.Exp(4 * random.NextDouble()));
        }
    }

    /// <summary>Numbers of standard deviation 0.02, drawn from a table of 65,536.</summary>
    private static void WriteNumbers(FileStream file, long count, int seed)
    {
        var random = new Random(seed);
        ushort[] table = [.. Enumerable.Range(0, 1 << 16).Select(_ => BitConverter.HalfToUInt16Bits((Half)(0.02
            * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))))];
        var piece = new ushort[Piece];
        for (long left = count; left > 0; left -= Piece)
        {
            random.NextBytes(MemoryMarshal.AsBytes(piece.AsSpan()));
            for (int i = 0; i < piece.Length; i++) piece[i] = table[piece[i]];
            file.Write(MemoryMarshal.AsBytes(piece.AsSpan(0, (int)Math.Min(Piece, left))));
        }
    }
}
