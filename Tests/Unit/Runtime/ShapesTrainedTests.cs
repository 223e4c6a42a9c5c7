using System.Collections.Concurrent;
using System.Text.Json;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime;

/// <summary>The small trained model on its clips and pictures, decoded by our own adapters: dialogues of four turns,
/// every id as the reference's.</summary>
public sealed class ShapesTrainedTests
{
    private static readonly ConcurrentDictionary<TestDevice, Lazy<Assistant>> Loaded = new();

    public static IEnumerable<TheoryDataRow<string, TestDevice>> Cases
    {
        get
        {
            using JsonDocument json = Read();
            return [.. from entry in json.RootElement.GetProperty("cases").EnumerateArray()
                       from device in TestDevices.ForModels
                       select new TheoryDataRow<string, TestDevice>(entry.GetProperty("name").GetString()!, device)];
        }
    }

    [Theory, DeviceRows(nameof(Cases))]
    public void A_dialogue_has_the_references_answers_and_prefills_only_what_is_new(string name, TestDevice device)
    {
        using JsonDocument json = Read();
        JsonElement entry = json.RootElement.GetProperty("cases").EnumerateArray()
            .Single(candidate => candidate.GetProperty("name").GetString() == name);
        Assistant assistant = Shapes(device);
        lock (assistant)
        {
            using Conversation conversation = assistant.Start();
            conversation.Show(
                assistant.Encode(
                    assistant.Look(Path.Combine(Golden.Repository, "Samples/ShapesWorld", entry.GetProperty("file").GetString()!))).Tokens);
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
        Assert.Equal(120, json.RootElement.GetProperty("cases").EnumerateArray()
            .Sum(entry => entry.GetProperty("dialogue").GetArrayLength()));
    }

    private static Assistant Shapes(TestDevice device) => Loaded.GetOrAdd(device, key => new Lazy<Assistant>(
        () => Assistant.Load(Path.Combine(Golden.Repository, "Samples/ShapesWorld/model"), TestDevices.Get(key)))).Value;

    private static JsonDocument Read() => JsonDocument.Parse(File.ReadAllText(Golden.Path("shapes-trained/cases.json")));
}
