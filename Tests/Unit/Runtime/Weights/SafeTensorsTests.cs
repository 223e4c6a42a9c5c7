using EdgeVideoLlava.Kernels;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Weights;

public sealed class SafeTensorsTests
{
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
    public void A_missing_file_is_named()
        => Assert.Contains("nowhere.safetensors: no such file", Assert.Throws<BadInputException>(() => new SafeTensors("nowhere.safetensors")).Message);
}
