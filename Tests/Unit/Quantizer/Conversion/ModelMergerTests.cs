using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Quantizer.Conversion;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Quantizer.Conversion;

/// <summary>Merged folders hold what the front door makes of the parts, under the names of the repositories.</summary>
public sealed class ModelMergerTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Out => Path.Combine(folder.Path, "out");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void An_adapter_and_its_model_become_one_checkpoint()
    {
        string adapter = Golden.Path("gguf/tiny_llama/hf/tiny-lora");
        ModelMerger.Run(adapter, Out, StorageType.F32);
        using Checkpoint expected = new(adapter), got = new(Out);
        Assert.Equal(expected.Tensors.Keys.Order(), got.Tensors.Keys.Order());
        Assert.All(expected.Tensors, pair => Assert.Equal(pair.Value.ToFloats(), got.Tensors[pair.Key].ToFloats()));
        using Checkpoint model = new(Golden.Path("gguf/tiny_llama/hf/tiny-llama"));
        Assert.NotEqual(model.Tensors["layers.0.mlp.up_proj.weight"].ToFloats(), got.Tensors["layers.0.mlp.up_proj.weight"].ToFloats());
        Assert.Equal(TextTokenizer.Load(adapter).Encode("To be."), TextTokenizer.Load(Out).Encode("To be."));
        string usual = Path.Combine(folder.Path, "usual");
        Assert.All(ModelMerger.Run(adapter, usual).Tensors, tensor => Assert.Equal("F16", tensor.Type));
    }

    [Theory, InlineData("original-tiny/checkpoint"), InlineData("hf-tiny/checkpoint")]
    public void The_names_are_those_of_the_repositories(string model)
    {
        string source = Golden.Path(model);
        ModelMerger.Run(source, Out);
        HashSet<string> names = [];
        foreach (string shard in Directory.GetFiles(source, "*.safetensors"))
        {
            using var file = new SafeTensors(shard);
            names.UnionWith(file.Tensors.Keys.Where(name => !WeightNames.IsIgnored(WeightNames.Canonical(name))));
        }
        using (var merged = new SafeTensors(Path.Combine(Out, "model.safetensors"))) Assert.Equal(names.Order(), merged.Tensors.Keys.Order());
        using Checkpoint expected = new(source), got = new(Out);
        Assert.All(expected.Tensors, pair => Assert.True(pair.Value.BytesEqual(got.Tensors[pair.Key]), pair.Key));
        VideoLlavaConfig before = ConfigReader.Read(expected), after = ConfigReader.Read(got);
        Assert.Equal(before with { Notices = after.Notices }, after);
    }

    [Fact]
    public void A_GGUF_file_is_refused()
        => Assert.Contains("convert its original folder", Assert.Throws<BadInputException>(()
            => ModelMerger.Run(Golden.Path("gguf/tiny_llama/tiny-llama-f16.gguf"), Out)).Message);
}
