using System.CommandLine;
using EdgeVideoLlava.Edge.Options;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Tests.Unit.Samples.Edge.Options;

public sealed class ModelOptionsTests
{
    [Fact]
    public void Without_options_it_is_the_built_in_model_on_the_automatic_device()
    {
        ModelSettings settings = Read();
        Assert.True(File.Exists(Path.Combine(settings.Folder, "config.json")));
        Assert.Equal(("auto", (StorageType?)null, (StorageType?)null, (StorageType?)null, (int?)null),
            (settings.Device, settings.Compute, settings.Weights, settings.KvCache, settings.Threads));
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("cpu")]
    [InlineData("ilgpu-cpu")]
    [InlineData("opencl")]
    [InlineData("opencl:0")]
    [InlineData("cuda:12")]
    public void A_device_is_taken(string device) => Assert.Equal(device, Read("--device", device).Device);

    [Fact]
    public void Every_option_is_read()
        => Assert.Equal(
            new ModelSettings("there", "opencl:1", StorageType.F16, StorageType.Q4_0, StorageType.I8, KernelTier.Portable, 3),
            Read("--model", "there", "--device=opencl:1", "--compute", "fp16", "--weights", "q4_0", "--kv-cache", "int8", "--kernels",
                "portable", "--threads", "3"));

    [Theory]
    [InlineData("processor", KernelTier.Processor, false)]
    [InlineData("portable", KernelTier.Portable, false)]
    [InlineData("tensor-core", KernelTier.TensorCore, false)]
    [InlineData("tensor-core-deep", KernelTier.TensorCore, true)]
    internal void Kernels_are_taken(string name, KernelTier tier, bool deepTiles)
    {
        ModelSettings settings = Read("--kernels", name);
        Assert.Equal((tier, deepTiles), (settings.Kernels, settings.DeepTiles));
    }

    [Theory]
    [InlineData("as-stored", null)]
    [InlineData("f16", StorageType.F16)]
    [InlineData("q8_0", StorageType.Q8_0)]
    [InlineData("q6_k", StorageType.Q6_K)]
    [InlineData("q5_0", StorageType.Q5_0)]
    [InlineData("q5_1", StorageType.Q5_1)]
    [InlineData("q4_0", StorageType.Q4_0)]
    [InlineData("q4_1", StorageType.Q4_1)]
    [InlineData("q4_k", StorageType.Q4_K)]
    public void A_type_of_weights_is_taken(string name, StorageType? type) => Assert.Equal(type, Read("--weights", name).Weights);

    [Theory]
    [InlineData("--kv-cache", "fp16")]
    [InlineData("--kv-cache", "INT8")]
    [InlineData("--device", "gpu")]
    [InlineData("--device", "CPU")]
    [InlineData("--device", "cpu:0")]
    [InlineData("--device", "cuda:")]
    [InlineData("--device", "cuda:-1")]
    [InlineData("--device", "cuda:1\n")]
    [InlineData("--device", "opencl:0x1")]
    [InlineData("--compute", "fp8")]
    [InlineData("--weights", "Q4_0")]
    [InlineData("--weights", "q2_k")]
    [InlineData("--kernels", "fast")]
    [InlineData("--threads", "0")]
    [InlineData("--threads", "-2")]
    [InlineData("--threads", "two")]
    [InlineData("--threads", "1025")]
    [InlineData("--threads", "99999999999")]
    public void A_wrong_value_is_one_complaint_that_names_option_and_value(string option, string value)
    {
        string message = Assert.Single(Parse(option, value).Errors).Message;
        Assert.StartsWith($"{option}: '{value}' is no ", message);
    }

    private static ModelSettings Read(params string[] arguments)
    {
        var options = new ModelOptions();
        ParseResult parsed = Parse(options, arguments);
        Assert.Empty(parsed.Errors);
        return options.Read(parsed);
    }

    private static ParseResult Parse(params string[] arguments) => Parse(new ModelOptions(), arguments);

    private static ParseResult Parse(ModelOptions options, string[] arguments)
    {
        var command = new RootCommand();
        options.AddTo(command);
        return command.Parse(arguments);
    }
}
