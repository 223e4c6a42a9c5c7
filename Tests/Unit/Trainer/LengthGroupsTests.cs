using System.Text.Json;
using EdgeVideoLlava.Tests.Unit.Runtime.Text;
using EdgeVideoLlava.Tests.Unit.Support;
using EdgeVideoLlava.Trainer.Data;

namespace EdgeVideoLlava.Tests.Unit.Trainer;

public sealed class LengthGroupsTests
{
    private static readonly JsonElement Goldens = Json.Load(Golden.Path("text/sampler.json"));

    [Fact]
    public void Permutations_are_those_of_torch()
    {
        JsonElement[] draws = [.. Goldens.GetProperty("randperm").EnumerateArray()];
        Assert.NotEmpty(draws);
        Assert.All(draws, draw => Assert.Equal(draw.GetProperty("permutation").Ids(),
            new MersenneTwister(draw.GetProperty("seed").GetUInt32()).Permutation(draw.GetProperty("n").GetInt32())));
    }

    [Fact]
    public void Every_order_is_that_of_the_reference()
    {
        int orders = 0;
        foreach (JsonElement test in Goldens.GetProperty("cases").EnumerateArray())
        {
            int[] lengths = test.GetProperty("lengths").Ids();
            (int batch, int parallel) = (test.GetProperty("batch_size").GetInt32(), test.GetProperty("world_size").GetInt32());
            var global = new MersenneTwister(test.GetProperty("global_seed").GetUInt32());
            JsonElement seed = test.GetProperty("generator_seed");
            MersenneTwister ofBatches = seed.ValueKind == JsonValueKind.Null ? global : new MersenneTwister(seed.GetUInt32());
            if (test.TryGetProperty("error", out JsonElement error) && error.ValueKind != JsonValueKind.Null)
            {
                Assert.Throws<ArgumentException>(() => LengthGroups.ByModality(lengths, batch, parallel, global, ofBatches));
                continue;
            }
            int[] order = test.GetProperty("by_modality").GetBoolean()
                ? LengthGroups.ByModality(lengths, batch, parallel, global, ofBatches)
                : LengthGroups.ByLength(lengths, batch, parallel, ofBatches);
            Assert.Equal(test.GetProperty("indices").Ids(), order);
            orders++;
        }
        Assert.Equal(12, orders);
    }

    [Fact]
    public void Chunks_are_as_even_as_the_references()
    {
        JsonElement[] cases = [.. Goldens.GetProperty("split_to_even_chunks").EnumerateArray()];
        Assert.NotEmpty(cases);
        Assert.All(cases, test => Assert.Equal(test.GetProperty("chunks").EnumerateArray().Select(chunk => chunk.Ids()),
            LengthGroups.EvenChunks(test.GetProperty("indices").Ids(), test.GetProperty("lengths").Ids(),
                test.GetProperty("num_chunks").GetInt32()).Select(chunk => chunk.ToArray())));
    }
}
