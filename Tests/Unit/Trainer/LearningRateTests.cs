using System.Text.Json;
using EdgeVideoLlava.Tests.Unit.Support;
using EdgeVideoLlava.Trainer;

namespace EdgeVideoLlava.Tests.Unit.Trainer;

public sealed class LearningRateTests
{
    [Fact]
    public void Every_schedule_equals_the_reference()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Golden.Path("training/optimizer/schedules.json")));
        int tables = 0;
        foreach (JsonElement table in document.RootElement.GetProperty("tables").EnumerateArray())
        {
            if (table.GetProperty("library").GetString() != "transformers") continue;
            string name = table.GetProperty("name").GetString()!;
            int total = table.GetProperty("total_steps").GetInt32();
            double ratio = name == "constant" ? 0 : table.GetProperty("warmup_ratio").GetDouble();
            Schedule schedule = name == "cosine" ? Schedule.Cosine : name == "linear" ? Schedule.Linear : Schedule.Constant;
            LearningRate rate = LearningRate.Of(schedule, table.GetProperty("base_lr").GetDouble(), ratio, total);
            double[] expected = [.. table.GetProperty("lr").EnumerateArray().Select(value => value.GetDouble())];
            for (int step = 0; step < total; step++) Assert.Equal(expected[step], rate.At(step), 1e-12);
            Assert.Equal(table.GetProperty("lr_after_last").GetDouble(), rate.At(total), 1e-12);
            tables++;
        }
        Assert.Equal(16, tables);
    }
}
