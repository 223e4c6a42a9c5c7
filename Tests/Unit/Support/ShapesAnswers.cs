using System.Text.Json;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>The 120 answers of the small trained model, on a device or with weights that round.</summary>
internal static class ShapesAnswers
{
    public static string Model => Path.Combine(Golden.Repository, "Samples", "ShapesWorld", "model");

    /// <summary>All but two of the 120 answers are the reference's id by id, or every one of every third dialogue's 40.</summary>
    /// <param name="model">The model in another form.</param>
    public static void AssertKept(ComputeDevice device, LoadOptions options, ITestOutputHelper output, bool all = true,
        string? model = null)
    {
        int asked = all ? 120 : 40;
        Assert.InRange(Same(model ?? Model, device, options, output, asked), asked - asked / 60, asked);
    }

    private static int Same(string model, ComputeDevice device, LoadOptions options, ITestOutputHelper output, int asked)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Golden.Path("shapes-trained/cases.json")));
        using Assistant assistant = Assistant.Load(model, device, options: options);
        int same = 0, all = 0;
        foreach ((int index, JsonElement entry) in json.RootElement.GetProperty("cases").EnumerateArray().Index())
        {
            if (index % (120 / asked) != 0) continue;
            using Conversation conversation = assistant.Start();
            conversation.Show(assistant.Encode(assistant.Look(Path.Combine(Model, "..", entry.GetProperty("file").GetString()!))).Tokens);
            foreach (JsonElement turn in entry.GetProperty("dialogue").EnumerateArray())
            {
                Answer answer = conversation.Ask(turn.GetProperty("question").GetString()!);
                all++;
                if (answer.Ids.SequenceEqual(turn.GetProperty("answer_ids").EnumerateArray().Select(id => id.GetInt32()))) same++;
                else output.WriteLine($"{entry.GetProperty("name")}: '{answer.Text}', the reference's '{turn.GetProperty("answer")}'");
            }
        }
        Assert.Equal(asked, all);
        output.WriteLine(
            $"{device.Description}, weights "
            + $"{options.LanguageWeights?.ToString() ?? "as stored"}{(options.KvCache == null ? "" : $", cache {options.KvCache}")}: "
            + $"{same} of {all} answers are the same");
        return same;
    }
}
