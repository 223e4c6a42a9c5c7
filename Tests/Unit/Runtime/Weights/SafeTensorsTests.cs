using System.Text;
using System.Text.Json;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Weights;

public sealed class SafeTensorsTests
{
    public static IEnumerable<TheoryDataRow<string>> Malformed
        => from name in new[]
           {
               "header_longer_than_file", "header_length_over_100MB", "header_length_2p63", "json_invalid", "json_array",
                   "offsets_overlap", "offsets_gap", "dtype_unknown",
               "shape_mismatch", "shape_overflow", "key_duplicate_st", "offsets_reversed", "trailing_bytes", "data_truncated",
               "shape_negative", "header_not_utf8", "json_nested_deep",
           }
           select new TheoryDataRow<string>(name);

    [Fact]
    public void Reads_every_tensor_of_a_shard()
    {
        using SafeTensors file = Golden.Tensors("original-tiny/checkpoint/model-00001-of-00002.safetensors");
        HostTensor embedding = file["model.embed_tokens.weight"];
        Assert.Equal([600, 256], embedding.Shape);
        Assert.Equal(StorageType.BF16, embedding.Type);
        float[] values = embedding.ToFloats();
        Assert.Equal(600 * 256, values.Length);
        Assert.All(values, value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void The_unchanged_base_of_the_malformed_files_loads()
    {
        using SafeTensors file = Golden.Tensors("gguf/malformed/valid_st.safetensors");
        Assert.Equal([2, 3], file["a"].Shape);
        Assert.Equal([2], file["b"].Shape);
    }

    [Theory, MemberData(nameof(Malformed))]
    public void A_malformed_file_is_refused_in_one_line(string name)
    {
        string path = Golden.Path($"gguf/malformed/{name}.safetensors");
        string message = Assert.Throws<BadInputException>(() => new SafeTensors(path)).Message;
        Assert.StartsWith($"{path}: ", message);
        Assert.DoesNotContain('\n', message);
    }

    /// <summary>2^64 elements, which 64 bits count as none.</summary>
    [Theory, InlineData("[4294967296, 4294967296]"), InlineData("[9223372036854775807, 2]"), InlineData("[65536, 65536, 65536, 65536]")]
    public void A_shape_whose_product_overflows_is_refused(string shape)
    {
        using var folder = new TemporaryFolder();
        byte[] header = Encoding.UTF8.GetBytes($$$"""{"a":{"dtype":"F32","shape":{{{shape}}},"data_offsets":[0,0]}}""");
        string path = folder.File("overflow.safetensors", [.. BitConverter.GetBytes((long)header.Length), .. header]);
        Assert.Contains("tensor a has an impossible shape [", Assert.Throws<BadInputException>(() => new SafeTensors(path)).Message);
    }

    [Fact]
    public void The_list_of_malformed_files_is_complete()
    {
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(Golden.Path("gguf/malformed/cases.json")));
        IEnumerable<string> listed = cases.RootElement.EnumerateArray()
            .Where(entry => entry.GetProperty("format").GetString() == "safetensors" && entry.GetProperty("expect").GetString() == "error")
            .Select(entry => entry.GetProperty("file").GetString()!);
        Assert.Equal(listed.Order(), Malformed.Select(row => $"{row.Data}.safetensors").Order());
    }

    [Fact]
    public void A_missing_file_is_named()
        => Assert.Contains("nowhere.safetensors: no such file",
            Assert.Throws<BadInputException>(() => new SafeTensors("nowhere.safetensors")).Message);

    [Fact]
    public void What_is_written_is_read_back()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "x.safetensors");
        SafeTensorsWriter.Write(path,
            [
                new("numbers", StorageType.F32, [2, 2], stream => stream.Write(
                    System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>([1, 2, 3, float.NaN]))),
                new("none", StorageType.I64, [0], _ => { }),
            ]);
        using var file = new SafeTensors(path);
        Assert.Equal([1, 2, 3, float.NaN], file["numbers"].ToFloats());
        Assert.Empty(file["none"].ToLongs());
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void An_output_that_cannot_be_written_is_bad_input()
        => Assert.Throws<BadInputException>(() => SafeTensorsWriter.Write("/proc/no/such/place.safetensors", []));
}
