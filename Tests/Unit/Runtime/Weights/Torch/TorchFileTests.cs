using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Runtime.Weights.Torch;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Weights.Torch;

public sealed unsafe class TorchFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Both forms of the same dictionary, and the safetensors form of the checkpoint that it was taken from.</summary>
    [Theory, InlineData("pretrain"), InlineData("pretrain-legacy")]
    public void A_projector_is_the_checkpoint_s(string name)
    {
        using var file = new TorchFile(Golden.Path($"original-tiny/{name}/mm_projector.bin"));
        using var checkpoint = new Checkpoint(Golden.Path("original-tiny/checkpoint"));
        Assert.Equal(4, file.Tensors.Count);
        Assert.All(file.Tensors, pair =>
        {
            HostTensor expected = checkpoint.Tensors[WeightNames.Canonical(pair.Key)];
            Assert.True(expected.BytesEqual(new HostTensor(pair.Key, pair.Value.Type, [.. pair.Value.Shape], pair.Value.Address)));
        });
    }

    [Fact]
    public void Views_share_a_storage_with_offsets_and_strides_of_their_own()
    {
        string path = TorchWriter.Write(folder, "made.bin", [0f, 1, 2, 3, 4, 5],
            new("whole", 0, [2, 3], [3, 1]), new("turned", 0, [3, 2], [1, 3]), new("column", 1, [2], [3]),
            new("repeated", 5, [2, 2], [0, 0]), new("number", 4, [], []));
        using var file = new TorchFile(path);
        Dictionary<string, float[]> numbers = file.Tensors.ToDictionary(pair => pair.Key,
            pair => new HostTensor(pair.Key, pair.Value.Type, [.. pair.Value.Shape], pair.Value.Address).ToFloats());
        Assert.Equal([0, 1, 2, 3, 4, 5], numbers["whole"]);
        Assert.Equal([0, 3, 1, 4, 2, 5], numbers["turned"]);
        Assert.Equal([1, 4], numbers["column"]);
        Assert.Equal([5, 5, 5, 5], numbers["repeated"]);
        Assert.Equal([4], numbers["number"]);
        Assert.Equal(file.Tensors["whole"].Address + 16, file.Tensors["number"].Address);
    }

    [Fact]
    public void A_view_that_would_fill_the_memory_is_refused()
    {
        string path = TorchWriter.Write(folder, "made.bin", [1f], new TorchView("huge", 0, [30000, 30000], [0, 0]));
        Assert.Contains("larger than the file", Assert.Throws<BadInputException>(() => new TorchFile(path)).Message);
    }

    [Fact]
    public void Every_beginning_of_a_valid_file_is_refused()
    {
        foreach (string name in new[] { "malformed/valid_torch.bin", "" })
        {
            byte[] valid = File.ReadAllBytes(name.Length == 0 ? Golden.Path("original-tiny/pretrain-legacy/mm_projector.bin")
                : Golden.Path($"gguf/{name}"));
            for (int length = 0; length < valid.Length; length += valid.Length > 10_000 && length > 800 ? 997 : 1)
            {
                string path = folder.File("cut.bin", valid[..length]);
                Assert.StartsWith(path, Assert.Throws<BadInputException>(() => new TorchFile(path)).Message);
            }
        }
    }

    /// <summary>Looked at with the first number of a storage, not on opening, which would read the whole file.</summary>
    [Fact]
    public void A_storage_with_other_bytes_than_were_written_is_refused_when_it_is_read()
    {
        string path = TorchWriter.Write(folder, "made.bin", ("a", [2, 2], [1, 2, 3, 4]), ("b", [2], [5, 6]));
        using (var whole = new TorchTensors(path)) Assert.Equal([5, 6], whole.Tensors["b"].ToFloats());
        Damage(path, [0, 0, 0x40, 0x40]); // 3f
        using var file = new TorchTensors(path);
        foreach (HostTensor tensor in file.Tensors.Values)
        {
            string message = Assert.Throws<BadInputException>(() => tensor.ToFloats()).Message;
            Assert.StartsWith($"{path}: broken PyTorch file at byte ", message);
            Assert.EndsWith("the entry made/data/0 is damaged: its bytes have not the CRC-32 that was stored with them; fetch it again, "
                + "or take the safetensors form of the checkpoint", message);
            Assert.Equal(message, Assert.Throws<BadInputException>(() => tensor.BytesEqual(tensor)).Message);
        }
    }

    [Fact]
    public void A_storage_that_is_copied_on_opening_is_checked_then()
    {
        string path = TorchWriter.Write(folder, "made.bin", [1f, 2, 3, 4], new TorchView("turned", 0, [2, 2], [1, 2]));
        Damage(path, [0, 0, 0x40, 0x40]);
        Assert.Contains("the entry made/data/0 is damaged", Assert.Throws<BadInputException>(() => new TorchFile(path)).Message);
    }

    [Fact]
    public void A_damaged_dictionary_is_refused_as_that()
    {
        string path = TorchWriter.Write(folder, "made.bin", ("name", [1], [1]));
        Damage(path, "name"u8);
        Assert.Contains("the entry made/data.pkl is damaged", Assert.Throws<BadInputException>(() => new TorchFile(path)).Message);
    }

    /// <summary>PyTorch leaves it out where it is told to, and stores 0.</summary>
    [Fact]
    public void A_file_without_checksums_is_read()
    {
        string path = Path.Combine(Golden.Repository, "Tests/Fuzz/corpus/torch/several.bin");
        using var file = new TorchTensors(path);
        Assert.Equal([0, 0.5f, 1, 1.5f, 2, 2.5f], file.Tensors["w"].ToFloats());
    }

    private static void Damage(string path, ReadOnlySpan<byte> where)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes[bytes.AsSpan().IndexOf(where)] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    [Fact]
    public void A_trained_model_in_the_wild_is_read()
    {
        using var file = new TorchFile(Golden.Data("vit_trained/mnist_researchase_MIT.pt"));
        Assert.Equal(74, file.Tensors.Count);
        Assert.All(file.Tensors.Values, tensor => Assert.Equal(StorageType.F32, tensor.Type));
    }
}
