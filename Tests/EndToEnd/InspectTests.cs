using System.Text.Json;

namespace EdgeVideoLlava.Tests.EndToEnd;

public sealed class InspectTests
{
    private static readonly string Model = Path.Combine(EdgeProcess.Repository, "Samples/ShapesWorld/model");

    [Fact]
    public async Task Json_tells_the_variant_the_tensors_and_the_memory()
    {
        EdgeResult result = await EdgeProcess.Run("inspect", Model, "--json");
        Assert.Equal(0, result.Code);
        JsonElement report = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal("original", report.GetProperty("variant").GetString());
        Assert.Contains("image_tower.image_tower", report.GetProperty("why").GetString());
        JsonElement[] tensors = [.. report.GetProperty("tensors").EnumerateArray()];
        Assert.Equal([768, 128], tensors.Single(tensor => tensor.GetProperty("name").GetString() == "embed_tokens.weight")
            .GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()));
        Assert.Equal(tensors.Length, report.GetProperty("groups").EnumerateArray().Sum(group => group.GetProperty("tensors").GetInt32()));
        JsonElement[] memory = [.. report.GetProperty("memory").EnumerateArray()];
        Assert.All(memory, entry => Assert.InRange(entry.GetProperty("weights").GetInt64(), 1 << 20, 1 << 26));
        // 4 layers, keys and values, 1024 positions, 4 heads of 32: float32, binary16, and bytes with a float32 a head.
        long numbers = 4 * 2 * 1024 * 128, scales = numbers / 32 * 4;
        Assert.Equal([(4 * numbers, numbers + scales), (2 * numbers, numbers + scales)],
            memory.Select(entry => (entry.GetProperty("kv_cache").GetInt64(), entry.GetProperty("kv_cache_int8").GetInt64())));
    }

    [Fact]
    public async Task The_text_tells_the_same()
    {
        string text = (await EdgeProcess.Run("inspect", Model)).Output;
        Assert.Contains("Video-LLaVA, original layout", text);
        Assert.Contains("temporal attention over 8 frames", text);
        Assert.Matches(
            @"memory needed +weights +KV cache at full context +with --kv-cache int8\n  cpu, fp32, as stored +5\.0 MiB +4\.0 MiB +1\.1 MiB\n  GPU, fp16, as stored", text);
    }

    [Fact]
    public async Task One_file_gives_its_tensors_alone()
    {
        JsonElement report =
            JsonDocument.Parse((await EdgeProcess.Run("inspect", $"{Model}/model.safetensors", "--json")).Output).RootElement;
        Assert.Equal(JsonValueKind.Null, report.GetProperty("variant").ValueKind);
        Assert.NotEqual(0, report.GetProperty("tensors").GetArrayLength());
    }

    [Fact]
    public async Task What_is_no_checkpoint_is_code_2()
    {
        (await EdgeProcess.Run("inspect", "/nowhere")).IsRefusal(2, "/nowhere: no such file");
        (await EdgeProcess.Run("inspect", $"{Model}/config.json")).IsRefusal(2, $"give its folder, {Model}");
        (await EdgeProcess.Run("inspect", $"{Model}/tokenizer.model")).IsRefusal(2, "broken safetensors file");
        (await EdgeProcess.Run("inspect", Path.Combine(EdgeProcess.Repository, "docs"))).IsRefusal(2, "model.safetensors is here");
    }
}
