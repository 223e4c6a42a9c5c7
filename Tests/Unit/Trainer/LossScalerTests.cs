using System.Text.Json;
using EdgeVideoLlava.Tests.Unit.Support;
using EdgeVideoLlava.Trainer;

namespace EdgeVideoLlava.Tests.Unit.Trainer;

public sealed class LossScalerTests
{
    [Fact]
    public void Growth_backoff_and_skipped_steps_equal_the_reference()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Golden.Path("training/optimizer/loss_scaling.json")));
        var scaler = new LossScaler(65536, growthInterval: 4);
        int skipped = 0;
        foreach (JsonElement step in document.RootElement.GetProperty("steps").EnumerateArray())
        {
            Assert.Equal(step.GetProperty("scale_before").GetSingle(), scaler.Scale);
            bool taken = scaler.Update(step.GetProperty("gradient").GetString() == "finite");
            Assert.Equal(step.GetProperty("step_taken").GetBoolean(), taken);
            Assert.Equal(step.GetProperty("scale_after").GetSingle(), scaler.Scale);
            Assert.Equal(step.GetProperty("growth_tracker_after").GetInt32(), scaler.Good);
            if (!taken) skipped++;
        }
        Assert.Equal(skipped, scaler.Skipped);
        Assert.True(skipped > 3);
    }
}
