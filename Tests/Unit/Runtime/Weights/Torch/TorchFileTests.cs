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

    [Fact]
    public void A_trained_model_in_the_wild_is_read()
    {
        using var file = new TorchFile(Golden.Data("vit_trained/mnist_researchase_MIT.pt"));
        Assert.Equal(74, file.Tensors.Count);
        Assert.All(file.Tensors.Values, tensor => Assert.Equal(StorageType.F32, tensor.Type));
    }
}
