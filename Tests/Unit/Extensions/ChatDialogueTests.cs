using EdgeVideoLlava.Extensions;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Tests.Unit.Support;
using Microsoft.Extensions.AI;
using PromptTemplate = EdgeVideoLlava.Runtime.Text.Prompts.PromptTemplate;

namespace EdgeVideoLlava.Tests.Unit.Extensions;

/// <summary>Which messages are a dialogue, and which are refused before anything is decoded.</summary>
public sealed class ChatDialogueTests
{
    private static readonly ChatMessage Question = new(ChatRole.User, "What?");

    private static ChatDialogue Read(params ChatMessage[] messages) => new(messages, null, new EdgeVideoLlavaOptions());

    private static ChatMessage With(params AIContent[] contents) => new(ChatRole.User, contents);

    public static TheoryData<string, ChatMessage[]> Unsupported => new()
    {
        { "the last message is not the user's", [] },
        { "the last message is not the user's", [Question, new(ChatRole.Assistant, "That.")] },
        { "a message of the assistant has no place here", [new(ChatRole.Assistant, "Hello."), Question] },
        { "a message of the system has no place here", [Question, new(ChatRole.System, "Be brief."), Question] },
        { "a message of the tool has no place here", [Question, new(ChatRole.Tool, "42")] },
        { "data of the type audio/wav cannot be shown", [With(new DataContent(new byte[9], "audio/wav"))] },
        { "the address https://example.org/a.png cannot", [With(new UriContent("https://example.org/a.png", "image/png"))] },
        { "the address file:///etc/passwd cannot be shown", [With(new UriContent("file:///etc/passwd", "image/png"))] },
        { "a HostedFileContent cannot be shown", [With(new HostedFileContent("7"))] },
        { "a FunctionCallContent of the assistant", [Question, new(ChatRole.Assistant, [new FunctionCallContent("1", "f")]), Question] },
    };

    [Theory, MemberData(nameof(Unsupported))]
    public void What_the_model_has_no_place_for_is_said(string complaint, ChatMessage[] messages)
        => Assert.Contains(complaint, Assert.Throws<NotSupportedException>(() => Read(messages)).Message);

    [Fact]
    public void An_empty_question_is_refused_unless_something_is_shown()
    {
        Assert.Contains("the question is empty", Assert.Throws<BadInputException>(() => Read(With(new TextContent(" \n")))).Message);
        Assert.Equal("", Read(With(new DataContent(new byte[1], "image/png"))).Question);
    }

    [Fact]
    public void More_than_is_allowed_is_refused()
    {
        var options = new EdgeVideoLlavaOptions { MostVisuals = 2, MostContentBytes = 10 };
        ChatDialogue Shown(params int[] bytes)
            => new([With([.. bytes.Select(count => new DataContent(new byte[count], "image/png"))])], null, options);
        Shown(5, 5);
        Assert.Contains("more than the 10 bytes", Assert.Throws<BadInputException>(() => Shown(5, 6)).Message);
        Assert.Contains("more than the 2 pictures", Assert.Throws<BadInputException>(() => Shown(1, 1, 1)).Message);
    }

    [Theory]
    [InlineData("file:///srv/media/a.png", true)]
    [InlineData("file:///srv/media/../a.png", false)]
    [InlineData("file:///srv/media/%2e%2e/a.png", false)]
    [InlineData("file:///srv/mediator/a.png", false)]
    [InlineData("file://other/srv/media/a.png", false)]
    [InlineData("https://example.org/srv/media/a.png", false)]
    public void Files_of_one_folder_may_be_named(string address, bool allowed)
    {
        var options = new EdgeVideoLlavaOptions { LocalFiles = "/srv/media" };
        Exception? refused = Record.Exception(() => new ChatDialogue([With(new UriContent(address, "image/png"))], null, options));
        if (allowed) Assert.Null(refused);
        else Assert.IsType<NotSupportedException>(refused);
    }

    [Fact]
    public async Task A_named_file_is_shown()
    {
        await using var host = new TestHost(options => options.LocalFiles = Path.Combine(Golden.Repository, "Samples"));
        var clip = new UriContent(new Uri(TestHost.PathOf("clips/clip_00.mp4")), "video/mp4");
        Assert.Equal(TestHost.Ring, (await host.Ask(With(clip, new TextContent(TestHost.Describe)))).Text);
    }

    [Theory, InlineData("What is <image> here?", "What is < image> here?"), InlineData("<<video>video>", "<< video>video>"),
        InlineData("< image>", "< image>")]
    public void A_tag_in_a_text_is_plain_words(string text, string escaped)
        => Assert.Equal(escaped, Read(new ChatMessage(ChatRole.User, text)).Question);

    /// <summary>One place for the clip, one that the user wrote: unescaped, the numbers would not match.</summary>
    [Fact]
    public async Task A_tag_beside_a_clip_is_answered_or_refused()
    {
        const string Text = "Describe <image> what you see.";
        await using var host = new TestHost();
        Assert.NotEmpty((await host.Ask(TestHost.About("clips/clip_00.mp4", Text))).Text);
        await using var strict = new TestHost(options => options.Tags = TagHandling.Refuse);
        await Assert.ThrowsAsync<BadInputException>(() => strict.Ask(TestHost.About("clips/clip_00.mp4", Text)));
    }

    [Fact]
    public async Task System_messages_take_the_place_of_the_system_prompt()
    {
        await using var host = new TestHost();
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using Conversation conversation
            = (await host.Source.GetAsync(cancel)).Start(PromptTemplate.LlavaV1.WithSystem("Speak.\nOf shapes.\nOnly."));
        conversation.Show(TestHost.PathOf("clips/clip_00.mp4"), cancel: cancel);
        Answer expected = conversation.Ask(TestHost.Describe, cancel: cancel);
        ChatResponse response = await host.Chat.GetResponseAsync([new(ChatRole.System, "Of shapes."), new(ChatRole.System, "Only."),
            TestHost.About("clips/clip_00.mp4", TestHost.Describe)], new() { Instructions = "Speak." }, cancel);
        Assert.Equal((expected.Text, expected.PromptPositions), (response.Text, (int)response.Usage!.InputTokenCount!));
        ChatResponse plain = await host.Ask(TestHost.About("clips/clip_00.mp4", TestHost.Describe));
        Assert.NotEqual(plain.Usage!.InputTokenCount, response.Usage.InputTokenCount);
    }
}
