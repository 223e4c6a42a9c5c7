using EdgeVideoLlava.FineTune;
using EdgeVideoLlava.Tests.Unit.Trainer;

namespace EdgeVideoLlava.Tests.Unit.Samples;

public sealed class FineTunedTests(ITestOutputHelper output)
{
    [Fact, Trait("Category", "long")]
    public void A_tuned_merged_and_quantized_model_answers_as_it_was_trained()
    {
        using var files = new TrainingFiles();
        using FineTuned tuned = FineTuned.Make(files.Model, files.Data, files.Of("tuned"), 60, output.WriteLine);
        foreach ((string file, string question, string answer) in files.Asked) Assert.Equal(answer, tuned.Ask(file, question));
    }
}
