using EdgeVideoLlava.Extensions;
using EdgeVideoLlava.Runtime.Generation;
using Microsoft.Extensions.AI;

namespace EdgeVideoLlava.Tests.Unit.Extensions;

/// <summary>A request's options: each is followed or refused, none is dropped.</summary>
public sealed class ChatSettingsTests
{
    private static readonly GenerationOptions Defaults = new()
    {
        MaxTokens = 77,
        StopStrings = ["END"],
        Sampling = new() { Temperature = 0.5f, TopK = 3, TopP = 0.7f, MinP = 0.1f },
    };

    [Fact]
    public void What_is_asked_is_followed_and_the_rest_is_as_set()
    {
        GenerationOptions all = ChatSettings.Of(new()
        {
            Temperature = 0.25f,
            TopK = 40,
            TopP = 0.9f,
            Seed = 5,
            MaxOutputTokens = 9,
            StopSequences = ["STOP"],
            ModelId = "m",
            ResponseFormat = ChatResponseFormat.Text,
            Tools = [],
        }, Defaults, "m");
        Assert.Equal(Defaults.Sampling with { Temperature = 0.25f, TopK = 40, TopP = 0.9f, Seed = 5 }, all.Sampling);
        Assert.Equal(9, all.MaxTokens);
        Assert.Equal(["END", "STOP"], all.StopStrings);
        GenerationOptions none = ChatSettings.Of(new(), Defaults, "m");
        Assert.Equal(Defaults.Sampling with { Seed = none.Sampling.Seed }, none.Sampling);
        Assert.Equal((77, "END"), (none.MaxTokens, Assert.Single(none.StopStrings)));
        Assert.NotEqual(none.Sampling.Seed, ChatSettings.Of(null, Defaults, "m").Sampling.Seed);
    }

#pragma warning disable MEAI001 // options that may still change are refused as well
    public static TheoryData<string, ChatOptions> Unsupported => new()
    {
        { "ChatOptions.Tools", new() { Tools = [AIFunctionFactory.Create(() => 1, "f")] } },
        { "ChatOptions.ResponseFormat", new() { ResponseFormat = ChatResponseFormat.Json } },
        { "ChatOptions.FrequencyPenalty", new() { FrequencyPenalty = 0.5f } },
        { "ChatOptions.FrequencyPenalty, PresencePenalty", new() { PresencePenalty = 0.5f } },
        { "'other' is not served here; 'm' is", new() { ModelId = "other" } },
        { "ChatOptions.ConversationId", new() { ConversationId = "1" } },
        { "ChatOptions.Reasoning", new() { Reasoning = new() } },
        { "ChatOptions.AllowBackgroundResponses", new() { AllowBackgroundResponses = true } },
    };
#pragma warning restore MEAI001

    [Theory, MemberData(nameof(Unsupported))]
    public void What_cannot_be_followed_is_refused_by_name(string complaint, ChatOptions options)
        => Assert.Contains(complaint, Assert.Throws<NotSupportedException>(() => ChatSettings.Of(options, Defaults, "m")).Message);

    [Fact]
    public void What_is_out_of_range_is_refused()
    {
        Assert.Contains("max tokens 0", Assert.Throws<BadInputException>(
            () => ChatSettings.Of(new() { MaxOutputTokens = 0 }, Defaults, "m")).Message);
        Assert.Contains("temperature -1", Assert.Throws<BadInputException>(
            () => ChatSettings.Of(new() { Temperature = -1 }, Defaults, "m")).Message);
    }

    [Theory, InlineData(StopReason.EndToken, "stop"), InlineData(StopReason.StopString, "stop"), InlineData(StopReason.MaxTokens, "length"),
        InlineData(StopReason.Context, "length"), InlineData(StopReason.Loop, "loop")]
    public void Every_end_has_its_reason(StopReason stop, string reason) => Assert.Equal(reason, ChatSettings.Finish(stop).Value);

    [Fact]
    public async Task A_stop_sequence_ends_an_answer()
    {
        await using var host = new TestHost();
        ChatResponse response = await host.Chat.GetResponseAsync([TestHost.About("clips/clip_00.mp4", TestHost.Describe)],
            new() { StopSequences = [" vanishes"] }, TestContext.Current.CancellationToken);
        Assert.Equal(("A blue ring", ChatFinishReason.Stop), (response.Text, response.FinishReason));
    }
}
