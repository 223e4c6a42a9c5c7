using EdgeVideoLlava.Extensions;
using EdgeVideoLlava.Runtime.Generation;
using Microsoft.Extensions.AI;

namespace EdgeVideoLlava.Tests.Unit.Extensions;

/// <summary>Requests of a host are answered as the library's own conversations answer, whoever else asks.</summary>
public sealed class AssistantChatClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_clip_and_a_picture_are_described()
    {
        await using var host = new TestHost();
        Assert.Equal(TestHost.Ring, (await host.Ask(TestHost.About("clips/clip_00.mp4", TestHost.Describe))).Text);
        using Conversation conversation = (await host.Source.GetAsync(Cancel)).Start();
        conversation.Show(TestHost.PathOf("pictures/picture_00.png"), cancel: Cancel);
        string picture = conversation.Ask(TestHost.Describe, cancel: Cancel).Text;
        Assert.NotEqual(TestHost.Ring, picture);
        Assert.Equal(picture, (await host.Ask(TestHost.About("pictures/picture_00.png", TestHost.Describe))).Text);
    }

    [Fact]
    public async Task A_dialogue_goes_on_as_in_a_conversation_with_its_numbers()
    {
        await using var host = new TestHost();
        using Conversation conversation = (await host.Source.GetAsync(Cancel)).Start();
        conversation.Show(TestHost.PathOf("clips/clip_00.mp4"), cancel: Cancel);
        string first = conversation.Ask(TestHost.Describe, cancel: Cancel).Text;
        conversation.Show(TestHost.PathOf("clips/clip_05.mp4"), cancel: Cancel);
        Answer second = conversation.Ask(TestHost.Where, cancel: Cancel);
        ChatMessage[] dialogue = [TestHost.About("clips/clip_00.mp4", TestHost.Describe), new(ChatRole.Assistant, first),
            TestHost.About("clips/clip_05.mp4", TestHost.Where)];
        ChatResponse response = await host.Ask(dialogue);
        Assert.Equal(second.Text, response.Text);
        Assert.Equal((second.PromptPositions, second.Ids.Count, second.PromptPositions + second.Ids.Count, 0),
            (response.Usage!.InputTokenCount, response.Usage.OutputTokenCount, response.Usage.TotalTokenCount,
            response.Usage.CachedInputTokenCount));
        Assert.Equal((ChatFinishReason.Stop, "model"), (response.FinishReason, response.ModelId));
    }

    [Fact]
    public async Task An_answer_comes_in_pieces_with_its_numbers_last()
    {
        await using var host = new TestHost();
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in host.Chat.GetStreamingResponseAsync(
            [TestHost.About("clips/clip_00.mp4", TestHost.Describe)], new() { MaxOutputTokens = 3 }, Cancel)) updates.Add(update);
        Assert.InRange(updates.Count, 3, 5);
        Assert.All(updates[..^1], update => Assert.NotEmpty(update.Text));
        Assert.StartsWith(string.Concat(updates.Select(update => update.Text)), TestHost.Ring);
        Assert.Equal(3, updates[^1].Contents.OfType<UsageContent>().Single().Details.OutputTokenCount);
        Assert.Equal(ChatFinishReason.Length, updates[^1].FinishReason);
        Assert.Single(updates.Select(update => update.ResponseId).Distinct());
        Assert.Single(updates.ToChatResponse().Messages);
    }

    /// <summary>In every place that there is, and in fewer places than requests.</summary>
    [Theory, InlineData(8), InlineData(1)]
    public async Task Requests_at_once_are_answered_as_each_is_alone(int places)
    {
        await using var host = new TestHost(options => options.MostAtOnce = places);
        string[] files = ["clips/clip_00.mp4", "clips/clip_05.mp4", "pictures/picture_00.png", "clips/clip_07.mp4"];
        var alone = new string[files.Length];
        for (int i = 0; i < files.Length; i++) alone[i] = (await host.Ask(TestHost.About(files[i], TestHost.Describe))).Text;
        Assert.Equal(files.Length, alone.Distinct().Count());
        ChatResponse[] together = await Task.WhenAll(Enumerable.Range(0, 2 * files.Length)
            .Select(i => Task.Run(() => host.Ask(TestHost.About(files[i % files.Length], TestHost.Describe)))));
        Assert.Equal([.. alone, .. alone], together.Select(response => response.Text));
    }

    [Fact]
    public async Task A_cancelled_request_ends_and_leaves_its_place()
    {
        await using TestHost host = TestHost.Talkative(options => options.MostAtOnce = 1);
        using CancellationTokenSource stop = new(), limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60)); // whoever finds no place waits
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (ChatResponseUpdate _ in host.Chat.GetStreamingResponseAsync("What?", cancellationToken: stop.Token))
                await stop.CancelAsync();
        });
        await foreach (ChatResponseUpdate _ in host.Chat.GetStreamingResponseAsync("What?", cancellationToken: limit.Token)) break;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Chat.GetResponseAsync("What?",
            cancellationToken: new CancellationToken(canceled: true)));
        ChatResponse last = await host.Chat.GetResponseAsync("What?", new() { MaxOutputTokens = 5 }, limit.Token);
        Assert.Equal(5, last.Usage!.OutputTokenCount);
    }

    [Fact]
    public async Task A_container_that_ends_takes_its_requests_with_it()
    {
        TestHost host = TestHost.Talkative();
        var begun = new TaskCompletionSource();
        Task asking = Task.Run(async () =>
        {
            await foreach (ChatResponseUpdate _ in host.Chat.GetStreamingResponseAsync("What?", cancellationToken: Cancel))
                begun.TrySetResult();
        }, Cancel);
        await begun.Task.WaitAsync(Cancel);
        await host.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => asking.WaitAsync(TimeSpan.FromSeconds(60), Cancel));
    }

    [Fact]
    public async Task Data_that_is_no_picture_or_clip_is_bad_input_without_our_path()
    {
        await using var host = new TestHost();
        var e = await Assert.ThrowsAsync<BadInputException>(() => host.Ask(
            new ChatMessage(ChatRole.User, [new DataContent("<script>"u8.ToArray(), "image/png"), new TextContent(TestHost.Describe)])));
        Assert.Equal("the stream: plain text, neither a picture (JPEG, PNG, WebP, BMP, GIF) nor a clip", e.Message);
    }

    /// <summary>The frames of the clip break off.</summary>
    [Fact]
    public async Task What_was_done_differently_is_part_of_the_answer_and_of_the_log()
    {
        await using var host = new TestHost();
        byte[] cut = [.. "YUV4MPEG2 W16 H16 F10:1 Cmono\n"u8, .. Enumerable.Repeat<byte[]>([.. "FRAME\n"u8, .. new byte[256]], 9)
            .SelectMany(frame => frame), .. "FRAME\n"u8, .. new byte[100]];
        ChatResponse response = await host.Ask(
            new ChatMessage(ChatRole.User, [new DataContent(cut, "video/x-yuv4mpeg"), new TextContent(TestHost.Describe)]));
        string notice = Assert.Single((IReadOnlyList<string>)response.AdditionalProperties![AssistantChatClient.Notices]!);
        Assert.StartsWith("the stream: ", notice);
        Assert.Contains(host.Lines, line => line.Line == notice);
    }

    [Fact]
    public async Task It_says_what_it_is()
    {
        await using var host = new TestHost(options => options.ModelName = "shapes");
        var metadata = host.Chat.GetService<ChatClientMetadata>()!;
        Assert.Equal(("edge-video-llava", "shapes"), (metadata.ProviderName, metadata.DefaultModelId));
        Assert.Same(host.Chat, host.Chat.GetService<AssistantChatClient>());
        Assert.Same(host.Source, host.Chat.GetService<AssistantSource>());
        Assert.Null(host.Chat.GetService<string>());
    }
}
