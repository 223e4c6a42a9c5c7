using System.Text.Json;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime;

/// <summary>The small trained model on its clips and pictures, decoded by our own adapters: dialogues of four turns, every id as the reference's.</summary>
public sealed class ShapesTrainedTests
{
    private static readonly Lazy<Assistant> Shapes = new(() => Assistant.Load(Path.Combine(Golden.Repository, "Samples/ShapesWorld/model"), TestDevices.Get(TestDevice.Cpu)));

    public static IEnumerable<TheoryDataRow<string>> Cases
    {
        get
        {
            using JsonDocument json = Read();
            return [.. json.RootElement.GetProperty("cases").EnumerateArray().Select(entry => new TheoryDataRow<string>(entry.GetProperty("name").GetString()!))];
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_dialogue_has_the_references_answers_and_prefills_only_what_is_new(string name)
    {
        using JsonDocument json = Read();
        JsonElement entry = json.RootElement.GetProperty("cases").EnumerateArray().Single(candidate => candidate.GetProperty("name").GetString() == name);
        Assistant assistant = Shapes.Value;
        lock (assistant)
        {
            using Conversation conversation = assistant.Start();
            conversation.Show(assistant.Encode(assistant.Look(Path.Combine(Golden.Repository, "Samples/ShapesWorld", entry.GetProperty("file").GetString()!))).Tokens);
            int before = 0;
            foreach (JsonElement turn in entry.GetProperty("dialogue").EnumerateArray())
            {
                string streamed = "";
                Answer answer = conversation.Ask(turn.GetProperty("question").GetString()!, text: piece => streamed += piece);
                Assert.Equal(turn.GetProperty("answer").GetString(), answer.Text);
                Assert.Equal(turn.GetProperty("answer_ids").EnumerateArray().Select(id => id.GetInt32()), answer.Ids);
                Assert.Equal(answer.Text, streamed.Trim());
                Assert.Equal(StopReason.EndToken, answer.Stop);
                // The cache holds the last prompt and its answer but for the end token.
                Assert.Equal(answer.PromptPositions - before, answer.PrefilledPositions);
                before = answer.PromptPositions + answer.Ids.Count - 1;
            }
        }
    }

    [Fact]
    public void There_are_120_answers()
    {
        using JsonDocument json = Read();
        Assert.Equal(120, json.RootElement.GetProperty("cases").EnumerateArray().Sum(entry => entry.GetProperty("dialogue").GetArrayLength()));
    }

    private static JsonDocument Read() => JsonDocument.Parse(File.ReadAllText(Golden.Path("shapes-trained/cases.json")));
}
